#include "features/web_ui/web_ui.h"

#include "core/decimal.h"
#include "core/json_reader.h"
#include "features/config/key_help.h"
#include "features/web_ui/page.h"
#include "features/wifi/found_networks.h"

namespace pb {

namespace {

constexpr Text kTag = "web";
/// Attributes of the session's cookie (RFC 6265). Not `Secure`: the page is plain HTTP.
constexpr Text kAttributes = "; Path=/; HttpOnly; SameSite=Strict";

/// The URL of the page at the setup access point.
constexpr Text kSetupPage = "http://192.168.4.1/";
static_assert(Network::kAccessPointAddress[0] == 192 && Network::kAccessPointAddress[1] == 168 &&
                  Network::kAccessPointAddress[2] == 4 && Network::kAccessPointAddress[3] == 1,
              "the page has the address of the access point");

/// Whether a header Host has a name instead of an address. The device has no name, so such a request is for another
/// host: the captive portal has answered the DNS query for that host with the device's address.
bool is_name(Text host) {
  for (size_t i = 0; i < host.length; ++i) {
    const bool is_of_address = is_digit(host.data[i]) || host.data[i] == '.' || host.data[i] == ':';
    if (!is_of_address) return true;
  }
  return false;
}

/// Takes a member of the body as text. A string is decoded; a number or a boolean is taken as it is written.
template <size_t Capacity>
bool take(const JsonValue& body, Text name, FixedText<Capacity>& into) {
  const JsonValue value = body.find(name);
  if (value.kind() == JsonKind::string) return value.get(into);
  const bool is_plain = value.kind() == JsonKind::number || value.kind() == JsonKind::boolean;
  return is_plain && into.assign(value.raw());
}

uint16_t status_of(UpdateProblem problem) {
  switch (problem) {
    case UpdateProblem::unsupported:
      return 501;
    case UpdateProblem::busy:
    case UpdateProblem::waits_for_restart:
    case UpdateProblem::on_trial:
      return 409;
    case UpdateProblem::too_large:
      return 413;
    case UpdateProblem::flash_failed:
      return 500;
    default:
      return 422;
  }
}

/// Writes JSON to the end of a text. @return false, with nothing added, when it does not fit  @param write takes a
/// JsonWriter&
template <class Write>
bool append_json(TextWriter& text, Write write) {
  JsonWriter json(text.rest());
  write(json);
  text.take(json.text().length);
  return json.ok();
}

}  // namespace

const WebUi::Route WebUi::kRoutes[] = {
    {"/", HttpMethod::get, Access::anyone, true, &WebUi::show_page},
    {"/api/login", HttpMethod::post, Access::visitor, true, &WebUi::log_in},
    {"/api/logout", HttpMethod::post, Access::writer, true, &WebUi::log_out},
    {"/api/session", HttpMethod::get, Access::reader, true, &WebUi::show_session},
    {"/api/password", HttpMethod::post, Access::writer, true, &WebUi::change_password},
    {"/api/status", HttpMethod::get, Access::reader, false, &WebUi::show_status},
    {"/api/events", HttpMethod::get, Access::reader, false, &WebUi::show_events},
    {"/api/config", HttpMethod::get, Access::reader, false, &WebUi::show_config},
    {"/api/config", HttpMethod::post, Access::writer, false, &WebUi::set_config},
    {"/api/networks", HttpMethod::get, Access::reader, false, &WebUi::show_networks},
    {"/api/networks", HttpMethod::post, Access::writer, false, &WebUi::add_network},
    {"/api/networks/remove", HttpMethod::post, Access::writer, false, &WebUi::remove_network},
    {"/api/scan", HttpMethod::get, Access::reader, false, &WebUi::show_scan},
    {"/api/scan", HttpMethod::post, Access::writer, false, &WebUi::start_scan},
    {"/api/log", HttpMethod::get, Access::reader, false, &WebUi::show_log},
    {"/api/transactions", HttpMethod::get, Access::reader, false, &WebUi::show_transactions},
    {"/api/diagnostics", HttpMethod::get, Access::reader, false, &WebUi::show_diagnostics},
    {"/api/firmware", HttpMethod::post, Access::writer, false, &WebUi::upload_firmware},
    {"/api/restart", HttpMethod::post, Access::writer, false, &WebUi::restart},
};

WebUi::WebUi(const WebParts& parts, RestartRequest restart)
    : parts_(parts),
      restart_(restart),
      server_(parts.tcp, *this),
      login_(parts.secrets, parts.worker, parts.rng, parts.clock, parts.log),
      sessions_(parts.rng) {}

// ---- the feature

bool WebUi::is_wanted() const {
  const WebAccess access = parts_.config.settings().web;
  return access == WebAccess::on || (access == WebAccess::setup && parts_.wifi.is_setup_open());
}

Millis WebUi::poll(Millis now) {
  if (is_wanted() != is_serving_ && has_listener_) {
    if (is_serving_) {
      parts_.tcp.stop_listening();
      server_.close_all();
      sessions_.close_all();
      is_serving_ = false;
      parts_.log.info(kTag, "the page is off");
    } else if (parts_.tcp.listen(kPort)) {
      is_serving_ = true;
      parts_.log.info(kTag, "the page is on", Field{"port", kPort});
      if (!is_login_started_) login_.start();
      is_login_started_ = true;
    } else {
      has_listener_ = false;
    }
  }
  poll_update(now);
  if (now >= restart_at_) {
    restart_at_ = kNever;
    restart_.call(restart_.context);
  }
  if (!is_serving_) return restart_at_;
  return earlier(restart_at_, server_.poll(now, parts_.heap.free_bytes() >= kReserve));
}

void WebUi::poll_update(Millis now) {
  parts_.update.poll();
  if (parts_.update.is_complete() && restart_at_ == kNever && !parts_.transactions.open()) {
    restart_at_ = now + kRestartDelay;
  }
}

void WebUi::write_status(JsonWriter& json) const {
  json.key("web").begin_object();
  json.member("serving", is_serving_);
  json.member("connections", uint64_t{server_.connections()});
  json.member("first_password", is_login_started_ && login_.must_change());
  json.end_object();
}

Command WebUi::command() {
  return {"web", "[password]",
          [](void* self, Text arguments, Logger&) { static_cast<WebUi*>(self)->run_command(arguments); }, this};
}

void WebUi::run_command(Text arguments) {
  if (arguments.empty()) {
    parts_.log.answer_json([this](JsonWriter& json) {
      json.begin_object();
      write_status(json);
      json.end_object();
    });
    return;
  }
  if (arguments != "password") return parts_.log.answer("error: web needs password or nothing");
  if (!login_.reset()) return parts_.log.answer("error: the password is being checked or stored, try again");
  is_login_started_ = true;
  sessions_.close_all();
  parts_.log.answer("ok");
}

// ---- access

void WebUi::handle(const HttpRequest& request, uint8_t& step, HttpAnswer& answer, Millis now) {
  const HttpMethod method = request.method == HttpMethod::head ? HttpMethod::get : request.method;
  if (parts_.wifi.is_setup_open() && method == HttpMethod::get && is_name(request.host.text())) {
    return answer.redirect(kSetupPage);
  }
  const Route* route = nullptr;
  bool is_path_known = false;
  for (const Route& each : kRoutes) {
    if (each.path != request.path.text()) continue;
    is_path_known = true;
    if (each.method == method) route = &each;
  }
  if (!is_path_known) return answer.error(404, "not_found", "the device has no such page");
  if (route == nullptr) return answer.error(405, "method", "the page does not take that method");
  Call call{request, {}, step, answer, sessions_.find(request.session.text(), now), now};
  if (admits(*route, call)) (this->*route->run)(call);
}

/// Checks the session, origin and token of a request. @return false when the request is answered with an error
bool WebUi::admits(const Route& route, Call& call) {
  const HttpRequest& request = call.request;
  if (route.access == Access::anyone) return true;
  if (route.method == HttpMethod::post && request.has_origin && request.origin.text() != request.host.text()) {
    call.answer.error(403, "origin", "the request comes from another site's page");
    return false;
  }
  if (route.access != Access::visitor && call.session == nullptr) {
    call.answer.error(401, "login", "log in first");
    return false;
  }
  if (route.access == Access::writer && !WebSessions::is_equal(call.session->csrf.text(), request.csrf.text())) {
    call.answer.error(403, "csrf", "the header X-CSRF-Token is missing or not the one of this session");
    return false;
  }
  if (!route.with_first_password && login_.must_change()) {
    call.answer.error(403, "password_must_change", "change the password that the device has printed first");
    return false;
  }
  if (call.session != nullptr) call.session->last_used = call.now;
  if (route.method != HttpMethod::post || route.run == &WebUi::upload_firmware) return true;
  if (!request.is_json) {
    call.answer.error(415, "not_json", "the body must be application/json");
    return false;
  }
  if (request.is_body_too_large) {
    call.answer.error(413, "too_large", "the body of the request is longer than 384 bytes");
    return false;
  }
  JsonError error;
  call.body = parse_json(request.body, error);
  if (call.body.kind() == JsonKind::object) return true;
  call.answer.error(400, "not_json", "the body is no JSON object");
  return false;
}

void WebUi::reject_locked(Call& call) {
  call.answer.set_retry_after(static_cast<uint32_t>((login_.locked_until() - call.now + 999) / 1000));
  call.answer.error(429, "too_many_logins", "too many wrong passwords; wait before the next one");
}

void WebUi::open_session(Call& call) {
  const WebSessions::Session& session = sessions_.open(call.now);
  char bytes[120];
  TextWriter cookie{Span<char>(bytes)};
  cookie.append_all("session=", session.token.text(), kAttributes);
  call.answer.set_cookie(cookie.text());
  answer_session(call, session);
}

void WebUi::answer_session(Call& call, const WebSessions::Session& session) {
  call.answer.json(200, [this, &session](JsonWriter& json) {
    json.begin_object();
    json.member("csrf", session.csrf.text());
    json.member("must_change", login_.must_change());
    json.end_object();
  });
}

void WebUi::log_in(Call& call) {
  if (call.step == 0) {
    if (login_.busy()) return;
    if (call.now < login_.locked_until()) return reject_locked(call);
    FixedText<WebLogin::kMaxPassword> password;
    take(call.body, "password", password);
    if (login_.check(password.text())) call.step = 1;
    return;
  }
  if (login_.busy()) return;
  if (login_.result() == WebLogin::Result::right) return open_session(call);
  call.answer.error(401, "wrong_password", "the password is wrong");
}

void WebUi::log_out(Call& call) {
  sessions_.close(*call.session);
  char bytes[120];
  TextWriter cookie{Span<char>(bytes)};
  cookie.append_all("session=", kAttributes, "; Max-Age=0");
  call.answer.set_cookie(cookie.text());
  call.answer.json(200, [](JsonWriter& json) { json.begin_object().member("done", true).end_object(); });
}

void WebUi::show_session(Call& call) { answer_session(call, *call.session); }

/// Checks the old password in the steps 0 and 1, and stores the new password in step 2. Then every session ends, and
/// this client gets a new session.
void WebUi::change_password(Call& call) {
  if (login_.busy()) return;
  FixedText<WebLogin::kMaxPassword> text;
  if (call.step == 0) {
    if (call.now < login_.locked_until()) return reject_locked(call);
    if (!take(call.body, "new", text) || text.length() < WebLogin::kMinPassword) {
      return call.answer.error(422, "new", "the new password must have 10 to 64 bytes");
    }
    text.clear();
    take(call.body, "old", text);
    if (login_.check(text.text())) call.step = 1;
  } else if (call.step == 1) {
    if (login_.result() != WebLogin::Result::right) {
      return call.answer.error(422, "old", "the present password is wrong");
    }
    take(call.body, "new", text);
    if (login_.change(text.text())) call.step = 2;
  } else {
    if (login_.result() != WebLogin::Result::stored) {
      return call.answer.error(500, "not_stored", "the password cannot be stored; the old one stays");
    }
    sessions_.close_all();
    open_session(call);
  }
}

// ---- status

void WebUi::show_page(Call& call) {
  const WebPage page = web_page();
  call.answer.constant("text/html; charset=utf-8", page.policy, page.gzip);
}

void WebUi::write_overview(JsonWriter& json, Millis now) const {
  json.begin_object();
  json.member("version", parts_.version);
  json.member("build", parts_.build);
  json.member("identity", parts_.config.settings().identity.text());
  json.member("uptime_ms", uint64_t{now});
  json.member("heap_free", uint64_t{parts_.heap.free_bytes()});
  json.key("status");
  parts_.status.write(json);
  json.end_object();
}

void WebUi::show_status(Call& call) {
  call.answer.json(200, [this, &call](JsonWriter& json) { write_overview(json, call.now); });
}

void WebUi::show_events(Call& call) { call.answer.events(); }

bool WebUi::write_event(const HttpRequest& request, TextWriter& event, Millis now) {
  if (sessions_.find(request.session.text(), now) == nullptr || login_.must_change()) return false;
  return append_json(event, [this, now](JsonWriter& json) { write_overview(json, now); });
}

void WebUi::write_transactions(JsonWriter& json) const {
  const Transactions& transactions = parts_.transactions;
  int64_t id = 0;
  const bool has_id = transactions.transaction_id(id);
  json.begin_object();
  json.member("open", transactions.open());
  if (transactions.open()) {
    if (has_id) json.member("id", id);
    json.member("id_tag", transactions.id_tag());
    json.member("meter_start_wh", transactions.meter_start_wh());
  }
  json.member("energy_wh", transactions.energy_wh());
  json.member("queue", uint64_t{parts_.messenger.queued()});
  json.member("all_saved", transactions.all_saved());
  json.member("dropped", transactions.dropped());
  json.member("calls_dropped", parts_.messenger.dropped());
  json.member("reporting", name_of(transactions.reporting()));
  json.end_object();
}

void WebUi::show_transactions(Call& call) {
  call.answer.json(200, [this](JsonWriter& json) { write_transactions(json); });
}

// ---- configuration

void WebUi::show_config(Call& call) { call.answer.stream(HttpAnswer::kJson, config_stream); }

/// Writes the setting at `place` of the table, with the value in force. @return false for a setting that no view shows
bool WebUi::write_setting(uint32_t place, TextWriter& piece) const {
  const Key& key = all_keys()[place];
  if (key.read_only()) return false;
  char value[kMaxValue];
  TextWriter text{Span<char>(value)};
  parts_.config.show(key, text);
  return append_json(piece, [&key, &text](JsonWriter& json) {
    json.begin_object().member("value", text.text()).key("setting");
    write_key_help(json, key);
    json.end_object();
  });
}

void WebUi::set_config(Call& call) {
  if (await_stored(call)) return;
  FixedText<48> key;
  FixedText<Config::kMaxText> value;
  if (!take(call.body, "key", key) || key.empty()) {
    return call.answer.error(422, "key", "the body needs a key and its value");
  }
  if (!take(call.body, "value", value)) return call.answer.error(422, "value", "is too long, or no value");
  const bool is_login = equal_ignoring_case(key.text(), Security::kKeyName);
  const char* error = is_login ? parts_.security.set_authorization_key(value.text(), when_stored())
                               : parts_.config.set(key.text(), value.text(), when_stored());
  begin_storing(call, key.text(), error, error == Config::kBusy || error == Security::kBusy);
}

StorageDone WebUi::when_stored() {
  return {[](void* self, StorageResult result) {
            auto& page = *static_cast<WebUi*>(self);
            page.is_storing_ = false;
            page.stored_ = result;
          },
          this};
}

/// Continues after a change was requested. If the change has begun, the call waits for its end. If the change is
/// invalid, the call is answered with `error`. If the storage is busy, the same step is tried again.
/// @param error nullptr: the change has begun
void WebUi::begin_storing(Call& call, Text field, const char* error, bool is_busy) {
  if (error == nullptr) {
    is_storing_ = true;
    call.step = 1;
  } else if (!is_busy) {
    call.answer.error(422, field, error);
  }
}

bool WebUi::await_stored(Call& call) {
  if (is_storing_) return true;
  if (call.step == 0) return false;
  if (stored_ == StorageResult::ok) {
    call.answer.json(200, [](JsonWriter& json) { json.begin_object().member("stored", true).end_object(); });
  } else {
    call.answer.error(500, "not_stored", "the change cannot be stored: flash error or no space left");
  }
  return true;
}

// ---- networks

void WebUi::show_networks(Call& call) {
  call.answer.json(200, [this](JsonWriter& json) { parts_.stored_networks.write(json); });
}

void WebUi::add_network(Call& call) {
  if (await_stored(call)) return;
  FixedText<StoredNetworks::kMaxSsid> ssid;
  FixedText<StoredNetworks::kMaxPsk> psk;
  FixedText<4> priority_text;
  uint64_t priority = 0;
  if (!take(call.body, "ssid", ssid)) return call.answer.error(422, "ssid", "the name must have 1 to 32 bytes");
  if (call.body.find("psk").exists() && !take(call.body, "psk", psk)) {
    return call.answer.error(422, "psk", "the key must have 8 to 63 characters, or 64 hexadecimal digits");
  }
  if (!take(call.body, "priority", priority_text) || !parse_decimal_unsigned(priority_text.text(), priority) ||
      priority > StoredNetworks::kMaxPriority) {
    return call.answer.error(422, "priority", "the priority must be 1 to 9");
  }
  const WifiNetwork network{static_cast<uint8_t>(priority), ssid.text(), psk.text()};
  const char* error = parts_.stored_networks.add(network, when_stored());
  const Text field = check_wifi_psk(psk.text()) != nullptr ? Text("psk") : Text("ssid");
  begin_storing(call, field, error, error == StoredNetworks::kBusy);
}

void WebUi::remove_network(Call& call) {
  if (await_stored(call)) return;
  FixedText<StoredNetworks::kMaxSsid> ssid;
  if (!take(call.body, "ssid", ssid)) return call.answer.error(422, "ssid", "the name must have 1 to 32 bytes");
  const char* error = parts_.stored_networks.remove(ssid.text(), when_stored());
  begin_storing(call, "ssid", error, error == StoredNetworks::kBusy);
}

void WebUi::start_scan(Call& call) {
  if (!parts_.network.start_scan()) {
    return call.answer.error(409, "scan", "the radio is joining a network or scanning, or there is no Wi-Fi");
  }
  call.answer.json(202, [](JsonWriter& json) { json.begin_object().member("state", "running").end_object(); });
}

void WebUi::show_scan(Call& call) {
  const ScanState state = parts_.network.scan_state();
  FoundNetwork found[kMaxFound];
  const size_t count = state == ScanState::done ? parts_.network.take_scan(found) : 0;
  call.answer.json(200, [&found, count, state](JsonWriter& json) {
    json.begin_object();
    json.member("state", state == ScanState::running ? "running" : state == ScanState::failed ? "failed" : "done");
    json.key("networks");
    write_found(json, {found, count});
    json.end_object();
  });
}

// ---- log, diagnostics, firmware

void WebUi::show_log(Call& call) { call.answer.stream(HttpAnswer::kPlain, log_stream); }

void WebUi::show_diagnostics(Call& call) {
  call.answer.stream(HttpAnswer::kPlain, diagnostics_stream, "diagnostics.txt");
}

/// Writes the next lines of the ring. @param place 0, or one more than the place of the next line
bool WebUi::write_log(uint32_t& place, TextWriter& piece) const {
  const LogRing& ring = parts_.log_store.ring();
  uint32_t next = place - 1;
  if (place == 0 || !ring.has(next)) next = ring.begin();
  for (size_t lines = 0; lines < 3 && next != ring.end(); ++lines) {
    char line[LogRing::kMaxLine];
    piece.append_all(ring.read(next, Span<char>(line)), '\n');
  }
  place = next + 1;
  return next != ring.end();
}

bool WebUi::write_piece(uint8_t number, uint32_t& place, TextWriter& piece) {
  const auto settings = static_cast<uint32_t>(all_keys().length);
  if (number == log_stream) return write_log(place, piece);
  if (number == config_stream) {
    piece.append(place == 0 ? "[" : "");
    if (place != 0 && !all_keys()[place].read_only()) piece.append(",\n");
    write_setting(place, piece);
    ++place;
    piece.append(place == settings ? "]" : "");
    return place < settings;
  }
  // Diagnostics: the overview, the telemetry, the transactions, each setting, the log. The places of the log follow
  // those of the other parts. Their sum overflows only after 4 GB of log lines, which is not expected.
  constexpr uint32_t kHead = 3;
  const uint32_t log_begin = kHead + settings;
  if (place < kHead) {
    constexpr Text kNames[kHead] = {"overview", "telemetry", "transactions"};
    piece.append_all("# ", kNames[place], '\n');
    const bool fits = append_json(piece, [this, place](JsonWriter& json) {
      if (place == 0) write_overview(json, parts_.clock.now());
      if (place == 1) parts_.monitor.write_full(json);
      if (place == 2) write_transactions(json);
    });
    piece.append(fits ? "\n" : "(too long for the buffer)\n");
    ++place;
    return true;
  }
  if (place < log_begin) {
    if (place == kHead) piece.append("# settings\n");
    if (write_setting(place - kHead, piece)) piece.append('\n');
    ++place;
    return true;
  }
  if (place == log_begin) piece.append("# log\n");
  uint32_t log_place = place - log_begin;
  const bool goes_on = write_log(log_place, piece);
  place = log_place + log_begin;
  return goes_on;
}

void WebUi::upload_firmware(Call& call) {
  FirmwareUpdate& update = parts_.update;
  if (call.step == 0) {
    if (call.request.length == 0) return call.answer.error(411, "length", "the request needs Content-Length");
    if (!call.request.is_octets) {
      return call.answer.error(415, "not_octets", "the body must be application/octet-stream");
    }
    const UpdateProblem problem = update.begin(call.request.length);
    if (problem != UpdateProblem::none) return reject_image(call, problem);
    call.step = 1;
    return call.answer.take_body();
  }
  if (update.busy()) return;
  if (!update.is_complete()) return reject_image(call, update.problem());
  const bool is_charging = parts_.transactions.open();
  call.answer.json(202, [is_charging](JsonWriter& json) {
    json.begin_object().member("restart", is_charging ? "after_charge" : "now").end_object();
  });
}

void WebUi::reject_image(Call& call, UpdateProblem problem) {
  call.answer.error(status_of(problem), name_of(problem), text_of(problem));
}

void WebUi::restart(Call& call) {
  restart_at_ = call.now + kRestartDelay;
  parts_.log.info(kTag, "restart by the page");
  call.answer.json(202, [](JsonWriter& json) { json.begin_object().member("restarting", true).end_object(); });
}

}  // namespace pb
