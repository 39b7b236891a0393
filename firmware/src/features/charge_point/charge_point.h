#pragma once

#include "core/feature.h"
#include "features/charge_point/csms_requests.h"
#include "features/charging/charging.h"
#include "features/config/config.h"
#include "features/logging/logger.h"
#include "features/ocpp_message/messenger.h"
#include "features/time_sync/time_sync.h"
#include "features/transactions/transactions.h"
#include "features/websocket/connection.h"

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

/// The charge point towards the CSMS (OCPP 1.6): registration, heartbeat, status, authorization, reset.
class ChargePoint final : public Feature,
                          private Messenger::LinkListener,
                          private CallHandler,
                          private CallListener,
                          private ChargingListener,
                          private ResetHandler {
 public:
  /// When BootNotification got no usable answer, or one without interval.
  static constexpr Millis kBootRetry = 30'000;
  /// How long a reset waits for the transaction messages to be answered. Saved they are in any case before that.
  static constexpr Millis kSoftResetLimit = 10'000;
  static constexpr Millis kHardResetLimit = 3'000;
  /// AllowOfflineTxForUnknownId (OCPP 1.6 section 9.1.2): offline every idTag may charge.
  static constexpr bool kAllowOfflineTxForUnknownId = true;

  ChargePoint(Messenger& messenger, Connection& connection, Charging& charging, Transactions& transactions,
              TimeSync& time, const Settings& settings, const Identity& identity, RestartRequest restart, Logger& log);

  Registration registration() const { return registration_; }
  bool accepted() const { return registration_ == Registration::accepted; }
  /// Its members of the answer to the console command `status` (docs/design.md, section 4).
  void write_status(JsonWriter& json) const;

  const char* name() const override { return "charge_point"; }
  Millis poll(Millis now) override;

 private:
  static constexpr int kConnectors = 2;  // 0 is the charge point as a whole

  enum class Reset : uint8_t { none, stopping, closing, asked };

  void on_online(Millis now) override;
  void on_offline(Millis now) override;
  void on_call(Text action, JsonValue payload, CallReply& reply, Millis now) override;
  void on_result(uint32_t tag, JsonValue payload, Millis now) override;
  void on_failure(uint32_t tag, CallFailure failure, Millis now) override;
  void on_status(ConnectorStatus status, Millis now) override;
  void on_id_tag(Text id_tag, Millis now) override;
  void on_reset(ResetKind kind, Millis now) override;

  void send_boot_notification(Millis now);
  void on_boot_answer(JsonValue payload, Millis now);
  void send_heartbeat(Millis now);
  void take_time(JsonValue payload);
  ConnectorStatus status_of(int connector) const;
  void send_status(int connector, Millis now);
  void send_statuses_that_changed(Millis now);
  Millis poll_reset(Millis now);

  Messenger& messenger_;
  Connection& connection_;
  Charging& charging_;
  Transactions& transactions_;
  TimeSync& time_;
  const Settings& settings_;
  Identity identity_;
  RestartRequest restart_;
  Logger& log_;
  CsmsRequests requests_;

  Registration registration_ = Registration::unknown;
  Millis next_boot_ = kNever;
  Millis heartbeat_interval_ = 0;
  Millis next_heartbeat_ = kNever;
  // What the CSMS has confirmed, and what was sent last, of each connector.
  ConnectorStatus confirmed_[kConnectors] = {};
  ConnectorStatus sent_[kConnectors] = {};
  bool is_confirmed_[kConnectors] = {};

  Reset reset_ = Reset::none;
  Millis reset_limit_ = kNever;
};

}  // namespace pb
