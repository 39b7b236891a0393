#pragma once

#include "features/auth_cache/auth_cache.h"
#include "features/charge_point/csms_requests.h"
#include "features/charging/charging.h"
#include "features/config/config.h"
#include "features/logging/logger.h"
#include "features/ocpp_message/messenger.h"
#include "features/time_sync/time_sync.h"
#include "features/transactions/transactions.h"
#include "features/websocket/connection.h"
#include "runtime/backoff.h"
#include "runtime/feature.h"

namespace pb {

/// RegistrationStatus (OCPP 1.6 section 7.35), and what comes before it.
enum class Registration : uint8_t { unknown, pending, rejected, accepted };

/// What BootNotification tells about us.
struct Identity {
  Text firmware_version;
  uint64_t chip_id = 0;
};

/// Asks for a restart of the device, once everything is in order.
struct RestartRequest {
  void (*call)(void* context) = nullptr;
  void* context = nullptr;
};

/// Hears how a DataTransfer of ours ended.
struct DataTransferDone {
  /// @param answer the payload of DataTransfer.conf, empty when there was none  @param failure why there was none
  void (*call)(void* context, Text answer, Text failure) = nullptr;
  void* context = nullptr;
};

/// The charge point towards the CSMS (OCPP 1.6): registration, heartbeat, status, authorization, reset.
class ChargePoint final : public Feature,
                          private Messenger::LinkListener,
                          private CallHandler,
                          private CallListener,
                          private ChargingListener,
                          private RequestEffects {
 public:
  /// When BootNotification got no usable answer, or one without interval.
  static constexpr Millis kBootRetry = 30'000;
  /// How long a reset waits for the transaction messages to be answered; for the flash CsmsRequests::kSaveLimit.
  static constexpr Millis kSoftResetLimit = 10'000;
  static constexpr Millis kHardResetLimit = 3'000;
  /// A StatusNotification that got no answer is told again: after a minute at most, then ever more seldom, up to this.
  static constexpr Millis kRetellFirst = 60'000;
  static constexpr Millis kRetellLongest = 3'600'000;
  /// While the CSMS has sent no usable currentTime a Heartbeat asks for one: within ten seconds at first, then ever
  /// more seldom, up to five minutes, and never later than the regular Heartbeat.
  static constexpr Millis kAskTimeFirst = 10'000;
  static constexpr Millis kAskTimeLongest = 300'000;
  /// Intervals of BootNotification.conf are held at or below this: a day.
  static constexpr uint64_t kLongestIntervalS = 86'400;

  ChargePoint(Messenger& messenger, Connection& connection, Charging& charging, Transactions& transactions,
              TimeSync& time, AuthCache& cache, Config& config, const Identity& identity, RestartRequest restart,
              Rng& rng, Logger& log);

  bool accepted() const { return registration_ == Registration::accepted; }
  Reporting reporting() const { return transactions_.reporting(); }
  /// Sends a DataTransfer (OCPP 1.6 section 4.3). Empty texts are left out. One at a time.
  /// @return false, without a call of `done`, when it cannot be sent now.
  bool transfer(Text vendor, Text message, Text data, DataTransferDone done, Millis now);
  /// Its members of the answer to the console command `status` (docs/console-protocol.md).
  void write_status(JsonWriter& json) const;

  const char* name() const override { return "charge_point"; }
  Millis poll(Millis now) override;

 private:
  static constexpr int kConnectors = 2;  // 0 is the charge point as a whole

  /// What a StatusNotification says.
  struct Status {
    ConnectorStatus status = ConnectorStatus::available;
    Text error_code = "NoError";  // literals, both
    Text info;

    bool operator==(const Status& other) const {
      return status == other.status && error_code == other.error_code && info == other.info;
    }
  };
  /// The last StatusNotification of a connector, and what has become of it.
  struct ReportedStatus {
    Status what;
    uint16_t number = 0;
    bool is_confirmed = false;
    Millis retell_at = kNever;  // it made room for others in the queue, or got no answer: from then on
    Backoff backoff;            // of what gets no answer
  };

  /// An idTag that the CSMS was asked about.
  struct Question {
    uint32_t tag = 0;
    IdTag id_tag;
  };
  /// As many as the Messenger takes late answers for.
  static constexpr size_t kQuestions = Messenger::kMaxOverdue;
  Question& question_of(uint32_t tag);

  enum class Reset : uint8_t { none, stopping, delivering, closing, asked };

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
  void ask_time_later(Millis now);
  Status status_of(int connector) const;
  bool send_status(int connector, Millis now);
  ReportedStatus* reported_by(uint32_t tag);
  bool trigger_meter_values(Millis now);
  bool send_meter_values(Text payload, Millis now);
  Millis send_saved_values(Millis now);
  bool may_charge_offline(Text id_tag) const;
  void end_transfer(Text answer, Text failure);
  /// What goes out before the CSMS has accepted us has been triggered by it.
  Priority priority() const { return accepted() ? Priority::normal : Priority::boot; }
  Millis heartbeat_due() const {
    return earlier(ask_time_at_, last_heartbeat_ + Millis{1000} * config_.settings().heartbeat_interval_s);
  }
  void send_statuses_that_changed(Millis now);
  Millis send_lost_statuses(Millis now);
  Millis poll_reset(Millis now);

  Messenger& messenger_;
  Connection& connection_;
  Charging& charging_;
  Transactions& transactions_;
  TimeSync& time_;
  AuthCache& cache_;
  Config& config_;
  Identity identity_;
  RestartRequest restart_;
  Rng& rng_;
  Logger& log_;
  CsmsRequests requests_;

  Registration registration_ = Registration::unknown;
  Millis next_boot_ = 0;
  uint32_t boots_ = 0;          // counts the BootNotifications
  uint32_t answered_boot_ = 0;  // the last one whose answer was taken
  Millis last_heartbeat_ = 0;
  Millis ask_time_at_ = kNever;  // kNever: the time is known, or a Heartbeat that asks for it is under way
  Backoff ask_time_backoff_;
  ReportedStatus reported_[kConnectors];

  Question questions_[kQuestions];
  uint32_t authorization_ = 0;  // counts the idTags that were presented: an earlier one starts no charge
  Millis asked_at_ = 0;
  bool turned_away_ = false;  // no answer in time, and nothing has happened at the connector since
  DataTransferDone transfer_done_;

  // MeterValues that the CSMS has triggered, until the register is on flash; empty: none wait.
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
