#pragma once

#include "app/csms_trial.h"
#include "app/image_trial.h"
#include "app/indicator.h"
#include "app/ports.h"
#include "app/storage_guard.h"
#include "app/test_load.h"
#include "features/auth_cache/auth_cache.h"
#include "features/board/board.h"
#include "features/captive_portal/captive_portal.h"
#include "features/charge_point/charge_point.h"
#include "features/charging/charging.h"
#include "features/config/config.h"
#include "features/firmware_update/firmware_update.h"
#include "features/led_status/led_status.h"
#include "features/local_list/local_list.h"
#include "features/log_store/log_console.h"
#include "features/log_store/log_store.h"
#include "features/logging/logger.h"
#include "features/monitor/monitor.h"
#include "features/ocpp_message/messenger.h"
#include "features/power/power_manager.h"
#include "features/safety/safety.h"
#include "features/schema/schema_console.h"
#include "features/security/security.h"
#include "features/serial_debug/serial_debug.h"
#include "features/serial_debug/status_report.h"
#include "features/storage/counting_flash.h"
#include "features/storage/littlefs_storage.h"
#include "features/time_sync/time_server.h"
#include "features/time_sync/time_sync.h"
#include "features/transactions/transactions.h"
#include "features/web_ui/web_ui.h"
#include "features/websocket/connection.h"
#include "features/wifi/stored_networks.h"
#include "features/wifi/wifi.h"
#include "features/wifi/wifi_console.h"
#include "runtime/event_loop.h"
#include "runtime/worker_feature.h"

namespace pb {

/// The composition root: it creates the features in the order of their dependencies, connects them, and runs the loop.
/// It owns everything that lives longer than a call. To destroy it and create it again is a reboot.
class App {
 public:
  explicit App(const Ports& ports);
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Runs until a restart is requested. @return its reason; the platform carries it out.
  ResetReason run();
  /// One round: polls every feature and delivers the worker's results. @return the deadline of the next round.
  Millis run_once();

  /// Ends run() after this round.
  void request_restart(ResetReason reason);
  RestartRequest restart_request();
  bool restart_requested() const { return restart_requested_; }

 private:
  void announce_boot();
  void start_storage();
  void start_log();
  void start_charging();
  void start_schemas();
  void add_features();
  void add_counters();
  void add_commands();
  void add_test_commands(TestControls& controls);
  void status(Text part);
  void set(Text arguments);
  void transfer(Text arguments);
  void log_command(Text arguments);
  void set_log_level(Text arguments);
  void flush_log();
  void take_settings();
  uint32_t target_in_settings() const;

  Ports ports_;

  // The members are in the order of construction: dependencies first.
  Logger log_;
  Safety safety_;
  Board board_;
  EventLoop loop_;
  WorkerFeature worker_;
  CountingFlash flash_;
  LittleFsStorage storage_;
  StorageGuard storage_guard_;
  Config config_;
  SerialDebug serial_debug_;
  StatusReport status_;
  TimeSync time_sync_;
  TimeServer time_server_;
  LogStore log_store_;
  LogConsole log_console_;
  Security security_;
  StoredNetworks stored_networks_;
  Wifi wifi_;
  WifiConsole wifi_console_;
  Connection connection_;
  Transactions transactions_;
  LocalList local_list_;
  AuthCache auth_cache_;
  Messenger messenger_;
  SchemaStore schema_store_;
  SchemaConsole schema_console_;
  InputEvents input_events_;
  Charging charging_;
  ChargePoint charge_point_;
  PowerManager power_manager_;
  Monitor monitor_;
  LedStatus led_status_;
  Indicator indicator_;
  ImageTrial image_trial_;
  CsmsTrial csms_trial_;
  CaptivePortal captive_portal_;
  FirmwareUpdate firmware_update_;
  WebUi web_ui_;
  TestLoad test_load_;

  uint32_t security_profile_setting_ = 0;
  uint32_t target_setting_ = 0;  ///< CRC-32 of csms_url and identity
  LogLevels log_level_setting_;
  bool restart_requested_ = false;
  ResetReason restart_reason_ = ResetReason::software;
};

}  // namespace pb
