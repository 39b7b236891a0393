#pragma once

#include "features/auth_cache/auth_cache.h"
#include "features/charge_point/csms_requests.h"
#include "features/charge_point/local_authorization.h"
#include "features/charging/charging.h"
#include "features/config/config.h"
#include "features/logging/logger.h"
#include "features/ocpp_message/messenger.h"
#include "features/time_sync/time_sync.h"
#include "features/transactions/transactions.h"
#include "features/websocket/connection.h"
#include "runtime/backoff.h"
#include "runtime/feature.h"
#include "runtime/restart_request.h"

namespace pb {

/// RegistrationStatus (OCPP 1.6 section 7.35), and `unknown` before the first answer.
enum class Registration : uint8_t { unknown, pending, rejected, accepted };

/// The content of BootNotification.
struct Identity {
  Text firmware_version;
  uint64_t chip_id = 0;
};

/// Receives the result of a DataTransfer to the CSMS.
struct DataTransferDone {
  /// @param answer the payload of DataTransfer.conf; empty if there is none
  /// @param failure the cause of a missing answer
  void (*call)(void* context, Text answer, Text failure) = nullptr;
  void* context = nullptr;
};

/// The charge point as seen by the CSMS (OCPP 1.6): registration, heartbeat, status, authorization, reset.
class ChargePoint final : public Feature,
                          private Messenger::LinkListener,
                          private CallHandler,
                          private CallListener,
                          private ChargingListener,
                          private SurplusListener,
                          private RequestEffects {
 public:
  /// Pause before the next BootNotification if the answer has no usable interval, or is missing.
  static constexpr Millis kBootRetry = 30'000;
  /// How long a reset waits until transaction messages are answered. It also waits twice for the flash, each time at
  /// most CsmsRequests::kSaveLimit: before the messages are sent, and until the answered messages are removed.
  static constexpr Millis kSoftResetLimit = 10'000;
  static constexpr Millis kHardResetLimit = 3'000;
  /// Backoff of a StatusNotification without an answer: at most a minute first, then up to an hour.
  static constexpr Millis kResendFirst = 60'000;
  static constexpr Millis kResendLongest = 3'600'000;
  /// Backoff of the Heartbeats that request the time while the CSMS has sent no usable currentTime: at most ten seconds
  /// first, then up to five minutes, and never later than the regular Heartbeat.
  static constexpr Millis kRequestTimeFirst = 10'000;
  static constexpr Millis kRequestTimeLongest = 300'000;
  /// Limit for intervals of BootNotification.conf: a day.
  static constexpr uint64_t kLongestIntervalS = 86'400;

  ChargePoint(Messenger& messenger, Connection& connection, Charging& charging, Transactions& transactions,
              TimeSync& time, LocalList& list, AuthCache& cache, Config& config, Security& security,
              const Identity& identity, RestartRequest restart, Rng& rng, Logger& log);

  bool accepted() const { return registration_ == Registration::accepted; }
  /// Whether the CSMS has accepted the charge point, or will accept it later (Pending).
  bool registered() const { return accepted() || registration_ == Registration::pending; }
  Reporting reporting() const { return transactions_.reporting(); }
  /// Sends a DataTransfer (OCPP 1.6 section 4.3), one at a time. Empty texts are omitted.
  /// @return nullptr; or the problem, and `done` is not called
  const char* transfer(Text vendor, Text message, Text data, DataTransferDone done, Millis now);
  /// Writes the charge point's members of the console command `status` (docs/console-protocol.md).
  void write_status(JsonWriter& json) const;

  const char* name() const override { return "charge_point"; }
  Millis poll(Millis now) override;

 private:
  static constexpr int kConnectors = 2;  // 0 is the charge point as a whole

  /// The content of a StatusNotification.
  struct Status {
    ConnectorStatus status = ConnectorStatus::available;
    Text error_code = "NoError";  // a literal, as is the info
    Text info;

    bool operator==(const Status& other) const {
      return status == other.status && error_code == other.error_code && info == other.info;
    }
  };
  /// The last StatusNotification of a connector and its progress.
  struct ReportedStatus {
    Status status;
    uint16_t number = 0;
    bool is_confirmed = false;
    bool is_refused = false;    // the CSMS has closed the connection for it
    Millis resend_at = kNever;  // set after a timeout or refusal, or when it was dropped from a full queue
    Backoff backoff;            // the pauses after timeouts and refusals
  };

  /// The idTag of an Authorize request.
  struct AuthorizeRequest {
    uint32_t tag = 0;
    IdTag id_tag;
  };
  /// The number of requests for which the Messenger accepts late answers.
  static constexpr size_t kAuthorizeRequests = Messenger::kMaxOverdue;
  AuthorizeRequest& authorize_request_of(uint32_t tag);

  enum class Reset : uint8_t { none, stopping, removing, delivering, closing, requested };

  void on_online(Millis now) override;
  void on_offline(Millis now) override;
  /// OCPP 1.6 section 4.2: while Rejected nothing is sent. While Pending requests are answered.
  bool may_answer() const override { return registration_ != Registration::rejected; }
  void on_call(Text action, JsonValue payload, CallReply& reply, Millis now) override;
  void on_result(uint32_t tag, JsonValue payload, Millis now) override;
  void on_failure(uint32_t tag, CallFailure failure, Millis now) override;
  void on_late_result(uint32_t tag, JsonValue payload, Millis now) override;
  void on_status(ConnectorStatus status, Millis now) override;
  void on_id_tag(Text id_tag, Millis now) override;
  void on_surplus_transaction(Text stop, Millis now) override;
  bool on_reset(ResetKind kind, Millis now) override;
  bool on_trigger(Trigger trigger, const int64_t* connector, Millis now) override;

  bool send_boot_notification(Millis now);
  void on_boot_answer(uint32_t number, JsonValue payload, Millis now);
  void on_late_boot_answer(uint32_t number, JsonValue payload, Millis now);
  void on_status_answer(uint32_t tag);
  void on_status_failed(uint32_t tag, CallFailure failure, Millis now);
  IdTagInfo take_authorization(uint32_t tag, JsonValue payload);
  void on_authorization(uint32_t tag, JsonValue payload, Millis now);
  void on_late_authorization(uint32_t tag, JsonValue payload, Millis now);
  void on_authorization_failed(uint32_t tag, CallFailure failure, Millis now);
  bool send_heartbeat(Millis now);
  void take_time(JsonValue payload, Millis now);
  void request_time_later(Millis now);
  Status status_of(int connector) const;
  bool send_status(int connector, Millis now);
  ReportedStatus* reported_by(uint32_t tag);
  bool trigger_meter_values(Millis now);
  bool send_meter_values(Text payload, Millis now);
  Millis send_saved_values(Millis now);
  void decide_locally(Text id_tag, bool offline, Millis now);
  Millis take_local_decision(Millis now);
  void request_authorization(Text id_tag, Millis now);
  bool may_charge_offline(const LocalIdTag& known) const;
  void end_transfer(Text answer, Text failure);
  /// Until the CSMS accepts the charge point, the device sends only messages that the CSMS has triggered.
  Priority priority() const { return accepted() ? Priority::normal : Priority::boot; }
  Millis heartbeat_due() const {
    return earlier(request_time_at_, last_heartbeat_ + Millis{1000} * config_.settings().heartbeat_interval_s);
  }
  void send_changed_statuses(Millis now);
  Millis send_lost_statuses(Millis now);
  Millis poll_reset(Millis now);

  Messenger& messenger_;
  Connection& connection_;
  Charging& charging_;
  Transactions& transactions_;
  TimeSync& time_;
  LocalList& list_;
  AuthCache& cache_;
  Config& config_;
  Identity identity_;
  RestartRequest restart_;
  Rng& rng_;
  Logger& log_;
  CsmsRequests requests_;
  LocalAuthorization local_;
  bool is_offline_decision_ = false;  // the search of local_ decides without the CSMS

  Registration registration_ = Registration::unknown;
  uint32_t target_ = 0;  // the connection on which the CSMS has registered the charge point
  Millis next_boot_ = 0;
  uint32_t boots_ = 0;          // number of BootNotifications sent
  uint32_t answered_boot_ = 0;  // number of the last answered one
  Millis last_heartbeat_ = 0;
  Millis request_time_at_ = kNever;  // kNever: the time is known, or a Heartbeat that requests it is in flight
  Backoff request_time_backoff_;
  ReportedStatus reported_[kConnectors];

  AuthorizeRequest authorize_requests_[kAuthorizeRequests];
  uint32_t authorization_ = 0;  // number of idTags presented: only the last one can start a charge
  Millis authorize_sent_at_ = 0;
  bool is_authorize_overdue_ = false;  // the last Authorize timed out, and nothing has happened at the connector since
  DataTransferDone transfer_done_;

  // Triggered MeterValues that wait until the register is on flash; empty: none.
  FixedText<Messenger::kMaxPayload> unsaved_values_;
  uint64_t unsaved_wh_ = 0;
  Millis unsaved_limit_ = kNever;

  Reset reset_ = Reset::none;
  Millis answer_wait_ = 0;
  Millis reset_limit_ = kNever;
  Millis delivery_check_at_ = kNever;
  Millis save_limit_ = kNever;
};

}  // namespace pb
