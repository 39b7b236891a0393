#include "app/app.h"

#include "app/version.h"
#include "core/crc32.h"
#include "features/schema/ocpp16_tables.h"

namespace pb {

namespace {

// On an ESP32-C3 with TLS, an app of 64 KB leaves about 140 KB of heap. The limit is 16 KB higher, for log files, lists
// and networks.
static_assert(sizeof(void*) > 4 || sizeof(App) <= 80 * 1024, "the app takes too much of a chip's RAM");

void report_slow_poll(void* log, const char* feature, Micros took) {
  static_cast<Logger*>(log)->warning("loop", feature, " took ", took / 1000, " ms");
}

}  // namespace

App::App(const Ports& ports)
    : ports_(ports),
      log_(ports.clock, ports.uart),
      safety_(ports.interlock),
      board_(ports.gpio),
      loop_(ports.clock, {&report_slow_poll, &log_}),
      worker_(ports.worker),
      flash_(ports.storage),
      storage_(flash_, ports.worker),
      storage_guard_(storage_, ports.secrets, ports.worker, restart_request(), log_),
      config_(storage_, log_),
      serial_debug_(ports.uart, log_),
      time_sync_(ports.clock, storage_),
      time_server_(ports.sntp, ports.network, time_sync_, log_),
      log_store_(ports.retained.bytes(), ports.clock, storage_, time_sync_, config_.settings(), log_),
      log_console_(log_store_, storage_, log_),
      security_(ports.secrets, ports.worker, config_.settings(), time_sync_, log_),
      stored_networks_(ports.secrets, ports.worker, log_),
      wifi_(ports.network, ports.rng, config_, stored_networks_, ports.system.chip_id(), log_),
      wifi_console_(ports.network, stored_networks_, log_),
      connection_(ports.tcp, ports.network, ports.rng, log_),
      transactions_(storage_, time_sync_, ports.rng, log_),
      local_list_(storage_, time_sync_, config_.settings(), log_),
      auth_cache_(storage_, local_list_, time_sync_, config_.settings(), log_),
      messenger_(connection_, transactions_.outbox(), ports.rng, log_),
      schema_store_(ports.schemas_0, ports.schemas_1, storage_, ports.worker, log_),
      schema_console_(schema_store_, log_),
      input_events_(ports.edges),
      charging_(board_, safety_, input_events_, transactions_, config_.settings(), log_),
      charge_point_(messenger_, connection_, charging_, transactions_, time_sync_, local_list_, auth_cache_, config_,
                    security_, Identity{kVersion, ports.system.chip_id()}, restart_request(), ports.rng, log_),
      power_manager_(ports.clock, ports.power, ports.network, board_, charging_, connection_, messenger_, transactions_,
                     log_store_, config_.settings(), log_),
      monitor_(ports.heap, ports.tcp, ports.system, loop_, log_),
      led_status_(board_),
      indicator_(safety_, wifi_, connection_, charge_point_, charging_, config_, led_status_),
      image_trial_(ports.system, ports.worker, charge_point_, transactions_, restart_request(), log_),
      csms_trial_(config_, connection_, charge_point_, wifi_),
      captive_portal_(ports.udp, wifi_, log_),
      firmware_update_(ports.updates, ports.system, ports.worker, log_),
      web_ui_({ports.tcp,
               ports.network,
               ports.rng,
               ports.secrets,
               ports.worker,
               ports.clock,
               ports.heap,
               config_,
               security_,
               stored_networks_,
               wifi_,
               status_,
               monitor_,
               log_store_,
               transactions_,
               messenger_,
               firmware_update_,
               kVersion,
               ports.system.build_id(),
               log_},
              restart_request()) {
  log_.set_sink(log_store_.sink());
  announce_boot();
  start_storage();
  config_.load(ports_.system.chip_id());
  target_setting_ = target_in_settings();
  take_settings();
  config_.set_listener({[](void* app) { static_cast<App*>(app)->take_settings(); }, this});
  stored_networks_.load();
  time_sync_.restore();
  start_log();
  start_charging();
  start_schemas();
  storage_.start();
  add_commands();
  add_features();
  log_.info("app", "ready");
}

void App::announce_boot() {
  log_.info("boot", "plugbench-cp ", kVersion, " build=", ports_.system.build_id(),
            " reset=", name_of(ports_.system.reset_reason()));
}

/// Passes on the settings that the features do not read themselves.
void App::take_settings() {
  const Settings& settings = config_.settings();
  // A level that was set by the console command `log` stays until the setting changes.
  if (settings.log_level != log_level_setting_) log_.set_levels(settings.log_level);
  log_level_setting_ = settings.log_level;
  transactions_.set_retries(
      {settings.transaction_message_attempts, Millis{1000} * settings.transaction_message_retry_interval_s});
  transactions_.set_nominal_voltage(settings.nominal_voltage_v);
  time_server_.set_server(settings.ntp_server.text());
  if (settings.security_profile != security_profile_setting_) {
    connection_.renew(ports_.clock.now());
    csms_trial_.restart();
  }
  security_profile_setting_ = settings.security_profile;
  const uint32_t target = target_in_settings();
  if (target != target_setting_) {
    target_setting_ = target;
    connection_.retarget(settings.csms_url.text(), settings.identity.text(), ports_.clock.now());
    csms_trial_.restart();
  }
}

uint32_t App::target_in_settings() const {
  const Settings& settings = config_.settings();
  return crc32(settings.identity.text().bytes(), crc32(settings.csms_url.text().bytes()));
}

void App::start_log() {
  log_store_.load();
  const ResetReason reason = ports_.system.reset_reason();
  if (reason != ResetReason::panic && reason != ResetReason::watchdog) return;
  CrashReport report;
  const bool has_report = ports_.system.take_crash(report);
  log_store_.note_crash(reason, ports_.system.build_id(), has_report ? &report : nullptr);
}

void App::start_storage() {
  storage_.set_expendable(LogStore::kPrefix);
  storage_.set_loss_listener({[](void* app, Text name, StorageResult cause) {
                                static_cast<App*>(app)->log_.error("storage", "the file ", name,
                                                                   " is lost: ", name_of(cause));
                              },
                              this});
  storage_guard_.start();
}

void App::start_charging() {
  const Settings& settings = config_.settings();
  ConnectionSettings connection;
  connection.url = settings.csms_url.text();
  connection.identity = settings.identity.text();
  connection.ping_interval = Millis{1000} * settings.ws_ping_interval_s;
  connection.backoff_initial = settings.backoff_initial_ms;
  connection.backoff_max = settings.backoff_max_ms;
  connection.stable_after = Millis{1000} * settings.backoff_stable_s;
  connection.longest_message = settings.ws_message_bytes;
  connection_.configure(connection);
  connection_.set_credentials(security_);
  time_server_.set_listener({[](void* app, Millis until) { static_cast<App*>(app)->connection_.wait_for_time(until); },
                             [](void* app) {
                               auto& self = *static_cast<App*>(app);
                               self.connection_.raise_time_limit(self.security_.time().unix_s);
                             },
                             this});
  security_.set_listener({[](void* app) {
                            auto& self = *static_cast<App*>(app);
                            self.connection_.renew(self.ports_.clock.now());
                          },
                          this});

  const ResetReason reset = ports_.system.reset_reason();
  const bool power_lost = reset == ResetReason::power_on || reset == ResetReason::brownout;
  const bool may_resume = power_lost && settings.power_fail_action == PowerFailAction::resume;
  transactions_.load(power_lost ? StopReason::power_loss : StopReason::reboot,
                     may_resume ? Transactions::LeftOpen::keep : Transactions::LeftOpen::end, ports_.clock.now());
  time_sync_.advance_to(transactions_.last_time());
  transactions_.set_id_tag_listener(auth_cache_);
  local_list_.load();
  auth_cache_.load();
  if (!storage_guard_.works()) charging_.take_out_of_service();
  charging_.start();
}

/// A pack for the connection's protocol replaces the built-in schemas. A pack for another protocol is kept for a later
/// firmware.
void App::start_schemas() {
  schema_store_.set_listener({[](void* app, const SchemaPack& pack) {
                                const bool is_ours = pack.protocol.text() == Connection::kSubprotocol;
                                const SchemaTables tables = is_ours ? pack.tables : SchemaTables(ocpp16_tables());
                                static_cast<App*>(app)->messenger_.schemas().use(tables);
                              },
                              this});
  schema_store_.load();
}

void App::add_features() {
  loop_.add(wifi_);
  loop_.add(wifi_console_);
  // Polled before the features that use the time, and before the feature that stores the time.
  loop_.add(time_server_);
  loop_.add(time_sync_);
  loop_.add(connection_);
  loop_.add(charging_);
  loop_.add(transactions_);
  loop_.add(charge_point_);
  loop_.add(local_list_);
  loop_.add(auth_cache_);
  loop_.add(messenger_);
  // Polled after the features whose work it observes. Polled before the log, because it flushes the log when the mains
  // fails.
  loop_.add(power_manager_);
  loop_.add(image_trial_);
  loop_.add(log_store_);
  loop_.add(log_console_);
  loop_.add(csms_trial_);
  loop_.add(config_);
  loop_.add(storage_guard_);
  loop_.add(captive_portal_);
  // Polled after the features whose state it shows, and after OCPP, which has priority.
  loop_.add(web_ui_);
  // Polled after the features that post jobs, so that a job is run in the round that posts it.
  loop_.add(worker_);
  // Polled after the features that answer commands, so that the next command is read in the round of the answer. Polled
  // after the jobs of this round, so that every reading that `status` shows survives a power cut.
  loop_.add(serial_debug_);
  if (ports_.system.test_controls() != nullptr) loop_.add(test_load_);
  // Observers come last, so that they see the changes of the same round.
  loop_.add(monitor_);
  loop_.add(indicator_);
  loop_.add(led_status_);

  add_counters();
  status_.add({[](const void* charge_point, JsonWriter& json) {
                 static_cast<const ChargePoint*>(charge_point)->write_status(json);
               },
               &charge_point_});
  status_.add({[](const void* safety, JsonWriter& json) {
                 json.member("contactor", static_cast<const Safety*>(safety)->contactor_closed());
               },
               &safety_});
  status_.add({[](const void* guard, JsonWriter& json) {
                 json.member("storage", static_cast<const StorageGuard*>(guard)->works());
               },
               &storage_guard_});
  status_.add({[](const void* time_sync, JsonWriter& json) {
                 json.member("time_quality", name_of(static_cast<const TimeSync*>(time_sync)->quality()));
               },
               &time_sync_});
  status_.add({[](const void* time_server, JsonWriter& json) {
                 static_cast<const TimeServer*>(time_server)->write_status(json);
               },
               &time_server_});
  status_.add({[](const void* config, JsonWriter& json) {
                 const auto& source = *static_cast<const Config*>(config);
                 json.member("settings", name_of(source.state()));
                 json.member("security_profile", source.settings().security_profile);
               },
               &config_});
  status_.add({[](const void* wifi, JsonWriter& json) { static_cast<const Wifi*>(wifi)->write_status(json); }, &wifi_});
  status_.add({[](const void* connection, JsonWriter& json) {
                 json.member("connection_problem",
                             name_of(static_cast<const Connection*>(connection)->problem().failure));
               },
               &connection_});
  status_.add(
      {[](const void* page, JsonWriter& json) { static_cast<const WebUi*>(page)->write_status(json); }, &web_ui_});
  status_.add({[](const void* power_manager, JsonWriter& json) {
                 static_cast<const PowerManager*>(power_manager)->write_status(json);
               },
               &power_manager_});
  status_.add({[](const void* system, JsonWriter& json) {
                 StackMark marks[System::kMostTasks];
                 const size_t count = static_cast<const System*>(system)->stack_marks(marks);
                 if (count == 0) return;
                 json.key("stacks").begin_object();
                 for (size_t i = 0; i < count; ++i) json.member(marks[i].task, marks[i].unused);
                 json.end_object();
               },
               &ports_.system});
}

RestartRequest App::restart_request() {
  return {[](void* app) { static_cast<App*>(app)->request_restart(ResetReason::software); }, this};
}

void App::request_restart(ResetReason reason) {
  restart_requested_ = true;
  restart_reason_ = reason;
}

Millis App::run_once() {
  ports_.system.feed_watchdog();
  return loop_.run_once();
}

ResetReason App::run() {
  while (!restart_requested_) {
    const Millis deadline = run_once();
    if (!restart_requested_ && deadline > ports_.clock.now()) ports_.waker.sleep_until(deadline);
  }
  return restart_reason_;
}

}  // namespace pb
