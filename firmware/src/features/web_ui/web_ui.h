#pragma once

#include "features/charging/charging.h"
#include "features/config/config.h"
#include "features/firmware_update/firmware_update.h"
#include "features/http/server.h"
#include "features/log_store/log_store.h"
#include "features/monitor/monitor.h"
#include "features/ocpp_message/messenger.h"
#include "features/security/security.h"
#include "features/serial_debug/serial_debug.h"
#include "features/serial_debug/status_report.h"
#include "features/transactions/transactions.h"
#include "features/web_ui/web_login.h"
#include "features/web_ui/web_sessions.h"
#include "features/wifi/stored_networks.h"
#include "features/wifi/wifi.h"
#include "runtime/restart_request.h"

namespace pb {

/// The features that the page shows and changes.
struct WebParts {
  Tcp& tcp;
  Network& network;
  Rng& rng;
  Secrets& secrets;
  Worker& worker;
  const Clock& clock;
  const Heap& heap;
  Config& config;
  Security& security;
  StoredNetworks& stored_networks;
  const Wifi& wifi;
  const StatusReport& status;
  const Monitor& monitor;
  const LogStore& log_store;
  const Transactions& transactions;
  const Messenger& messenger;
  FirmwareUpdate& update;
  Text version;
  Text build;
  Logger& log;
};

/// The device's own page and its JSON interface (docs/device-page.md).
class WebUi final : public Feature, private HttpHandler {
 public:
  static constexpr uint16_t kPort = 80;
  /// With less free heap, new connections are closed at once: a TLS connection to the CSMS needs this heap.
  static constexpr size_t kReserve = 48 * 1024;
  /// Time for the answer to reach the browser.
  static constexpr Millis kRestartDelay = 500;
  static constexpr size_t kMaxFound = 12;

  WebUi(const WebParts& parts, RestartRequest restart);

  /// The console command `web`.
  Command command();
  /// Writes the member `web` of the console command `status`.
  void write_status(JsonWriter& json) const;

  const char* name() const override { return "web_ui"; }
  Millis poll(Millis now) override;

 private:
  enum class Access : uint8_t {
    anyone,
    visitor,  ///< anyone, but not through a page of another site
    reader,   ///< needs a session
    writer,   ///< needs a session and its CSRF token
  };
  struct Call {
    const HttpRequest& request;
    JsonValue body;
    uint8_t& step;
    HttpAnswer& answer;
    WebSessions::Session* session;
    Millis now;
  };
  struct Route {
    Text path;
    HttpMethod method;
    Access access;
    bool with_first_password;  ///< whether access is possible while the password must be changed
    void (WebUi::*run)(Call& call);
  };
  enum Stream : uint8_t { config_stream, log_stream, diagnostics_stream };
  static const Route kRoutes[];

  void handle(const HttpRequest& request, uint8_t& step, HttpAnswer& answer, Millis now) override;
  bool write_piece(uint8_t number, uint32_t& place, TextWriter& piece) override;
  bool write_event(const HttpRequest& request, TextWriter& event, Millis now) override;
  bool body_space(MutableBytes& space) override { return parts_.update.space(space); }
  void take_body(size_t count) override { parts_.update.take(count); }
  void lose_body() override { parts_.update.end(); }

  bool admits(const Route& route, Call& call);
  void show_page(Call& call);
  void log_in(Call& call);
  void log_out(Call& call);
  void show_session(Call& call);
  void change_password(Call& call);
  void show_status(Call& call);
  void show_events(Call& call);
  void show_config(Call& call);
  void set_config(Call& call);
  void show_networks(Call& call);
  void add_network(Call& call);
  void remove_network(Call& call);
  void start_scan(Call& call);
  void show_scan(Call& call);
  void show_log(Call& call);
  void show_transactions(Call& call);
  void show_diagnostics(Call& call);
  void upload_firmware(Call& call);
  void reject_image(Call& call, UpdateProblem problem);
  void restart(Call& call);

  void write_overview(JsonWriter& json, Millis now) const;
  void write_transactions(JsonWriter& json) const;
  void open_session(Call& call);
  void answer_session(Call& call, const WebSessions::Session& session);
  void reject_locked(Call& call);
  void begin_storing(Call& call, Text field, const char* error, bool is_busy);
  /// Answers a change that waits for the partition `secrets` or the storage. @return whether the call is over
  bool await_stored(Call& call);
  StorageDone when_stored();
  bool write_setting(uint32_t place, TextWriter& piece) const;
  bool write_log(uint32_t& place, TextWriter& piece) const;
  bool is_wanted() const;
  /// Restarts with the new image when it is stored and no charge is in progress.
  void poll_update(Millis now);
  void run_command(Text arguments);

  WebParts parts_;
  RestartRequest restart_;
  HttpServer server_;
  WebLogin login_;
  WebSessions sessions_;
  bool is_serving_ = false;
  bool has_listener_ = true;  ///< false after the platform has reported that it has none
  bool is_login_started_ = false;
  bool is_storing_ = false;  ///< a change of the page waits to be durable
  StorageResult stored_ = StorageResult::ok;
  Millis restart_at_ = kNever;
};

}  // namespace pb
