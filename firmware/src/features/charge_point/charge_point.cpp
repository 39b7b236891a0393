#include "features/charge_point/charge_point.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";
constexpr Millis kCloseLimit = 1'000;

/// What a request was, in the low byte of its tag. With a status notification come connector and status.
enum class Call : uint32_t { boot = 1, heartbeat, status, authorize };

constexpr uint32_t tag_of(Call call) { return static_cast<uint32_t>(call); }
constexpr uint32_t tag_of(int connector, ConnectorStatus status) {
  return tag_of(Call::status) | static_cast<uint32_t>(connector) << 8 | static_cast<uint32_t>(status) << 16;
}
constexpr Call call_of(uint32_t tag) { return static_cast<Call>(tag & 0xff); }
constexpr int connector_of(uint32_t tag) { return static_cast<int>((tag >> 8) & 0xff); }
constexpr ConnectorStatus status_of_tag(uint32_t tag) { return static_cast<ConnectorStatus>((tag >> 16) & 0xff); }

}  // namespace

ChargePoint::ChargePoint(Messenger& messenger, Connection& connection, Charging& charging, Transactions& transactions,
                         TimeSync& time, const Settings& settings, const Identity& identity, RestartRequest restart,
                         Logger& log)
    : messenger_(messenger),
      connection_(connection),
      charging_(charging),
      transactions_(transactions),
      time_(time),
      settings_(settings),
      identity_(identity),
      restart_(restart),
      log_(log),
      requests_(charging, *this) {
  messenger_.set_handlers(*this, *this);
  charging_.set_listener(*this);
}

Millis ChargePoint::poll(Millis now) {
  if (reset_ != Reset::none) return poll_reset(now);
  if (!messenger_.online()) return kNever;
  if (!accepted()) {
    if (now >= next_boot_) send_boot_notification(now);
    return next_boot_;
  }
  if (now >= next_heartbeat_) send_heartbeat(now);
  return next_heartbeat_;
}

// ---- registration

void ChargePoint::on_online(Millis now) {
  // A link that was lost and came back is no boot (OCPP 1.6 section 4.2).
  if (!accepted()) {
    send_boot_notification(now);
    return;
  }
  connection_.confirm();
  messenger_.open_gate(true);
  send_statuses_that_changed(now);
}

void ChargePoint::on_offline(Millis) { messenger_.open_gate(false); }

void ChargePoint::send_boot_notification(Millis now) {
  char buffer[Messenger::kMaxPayload];
  char serial[12];
  TextWriter serial_writer(serial);
  serial_writer.append(Hex{identity_.chip_id, 12});
  JsonWriter json(buffer);
  json.begin_object();
  json.member("chargePointVendor", "Plugbench").member("chargePointModel", "Plugbench CP");
  json.member("chargePointSerialNumber", serial_writer.text()).member("firmwareVersion", identity_.firmware_version);
  json.end_object();
  next_boot_ = kNever;  // until the answer has come, or not
  messenger_.call("BootNotification", json.text(), *this, tag_of(Call::boot), Priority::boot, WhenFull::keep, now);
}

void ChargePoint::on_boot_answer(JsonValue payload, Millis now) {
  take_time(payload);
  FixedText<16> status;
  payload.find("status").get(status);
  uint64_t interval_s = 0;
  payload.find("interval").get_unsigned(interval_s);
  Millis interval = Millis{1000} * interval_s;
  if (status.text() == "Accepted") {
    registration_ = Registration::accepted;
    heartbeat_interval_ = interval != 0 ? interval : Millis{1000} * settings_.heartbeat_interval_s;
    next_heartbeat_ = now + heartbeat_interval_;
    log_.info(kTag, "accepted by the CSMS, heartbeat every ", heartbeat_interval_ / 1000, " s");
    connection_.confirm();
    messenger_.open_gate(true);
    send_statuses_that_changed(now);
    return;
  }
  registration_ = status.text() == "Rejected" ? Registration::rejected : Registration::pending;
  next_boot_ = now + (interval != 0 ? interval : kBootRetry);
  log_.warning(kTag, "BootNotification was answered with ", status.empty() ? Text("no known status") : status.text(),
               "; again in ", (next_boot_ - now) / 1000, " s");
}

void ChargePoint::send_heartbeat(Millis now) {
  next_heartbeat_ = now + heartbeat_interval_;
  messenger_.call("Heartbeat", "{}", *this, tag_of(Call::heartbeat), Priority::normal, WhenFull::replaceable, now);
}

void ChargePoint::take_time(JsonValue payload) {
  FixedText<40> text;
  UnixMillis time = 0;
  if (payload.find("currentTime").get(text) && parse_timestamp(text.text(), time)) {
    time_.set_from_csms(time);
  } else {
    log_.warning(kTag, "the CSMS sent no valid currentTime");
  }
}

// ---- status

ConnectorStatus ChargePoint::status_of(int connector) const {
  ConnectorStatus status = charging_.status();
  // The charge point as a whole is never occupied (OCPP 1.6 section 4.9).
  if (connector == 0 && status != ConnectorStatus::faulted) return ConnectorStatus::available;
  return status;
}

void ChargePoint::on_status(ConnectorStatus, Millis now) {
  if (!messenger_.gate_open()) return;
  if (status_of(0) != sent_[0]) send_status(0, now);
  send_status(1, now);
}

void ChargePoint::send_statuses_that_changed(Millis now) {
  for (int connector = 0; connector < kConnectors; ++connector) {
    if (!is_confirmed_[connector] || confirmed_[connector] != status_of(connector)) send_status(connector, now);
  }
}

void ChargePoint::send_status(int connector, Millis now) {
  ConnectorStatus status = status_of(connector);
  char buffer[Messenger::kMaxPayload];
  JsonWriter json(buffer);
  json.begin_object().member("connectorId", connector).member("errorCode", charging_.error_code());
  if (!charging_.error_info().empty()) json.member("info", charging_.error_info());
  json.member("status", name_of(status)).member("timestamp", format_timestamp(time_.at(now)).text()).end_object();
  sent_[connector] = status;
  messenger_.call("StatusNotification", json.text(), *this, tag_of(connector, status), Priority::normal,
                  WhenFull::replaceable, now);
}

// ---- authorization

void ChargePoint::on_id_tag(Text id_tag, Millis now) {
  if (!messenger_.gate_open()) {
    log_.info(kTag, "offline: ", id_tag, kAllowOfflineTxForUnknownId ? " may charge" : " may not charge");
    charging_.authorized(kAllowOfflineTxForUnknownId, "", now);
    return;
  }
  char buffer[Messenger::kMaxPayload];
  JsonWriter json(buffer);
  json.begin_object().member("idTag", id_tag).end_object();
  if (!messenger_.call("Authorize", json.text(), *this, tag_of(Call::authorize), Priority::user, WhenFull::keep, now)) {
    charging_.authorized(false, "", now);
  }
}

// ---- answers

void ChargePoint::on_result(uint32_t tag, JsonValue payload, Millis now) {
  switch (call_of(tag)) {
    case Call::boot:
      on_boot_answer(payload, now);
      return;
    case Call::heartbeat:
      take_time(payload);
      return;
    case Call::status:
      confirmed_[connector_of(tag)] = status_of_tag(tag);
      is_confirmed_[connector_of(tag)] = true;
      return;
    case Call::authorize: {
      FixedText<16> status;
      payload.path("idTagInfo.status").get(status);
      IdTag parent_id_tag;
      payload.path("idTagInfo.parentIdTag").get(parent_id_tag);
      charging_.authorized(status.text() == "Accepted", parent_id_tag.text(), now);
      return;
    }
  }
}

void ChargePoint::on_failure(uint32_t tag, CallFailure failure, Millis now) {
  switch (call_of(tag)) {
    case Call::boot:
      // After a loss of the link it goes out as soon as there is a new one.
      if (failure != CallFailure::disconnected) next_boot_ = now + kBootRetry;
      return;
    case Call::authorize:
      charging_.authorized(failure == CallFailure::disconnected && kAllowOfflineTxForUnknownId, "", now);
      return;
    case Call::heartbeat:
    case Call::status:
      return;
  }
}

// ---- requests of the CSMS

void ChargePoint::on_call(Text action, JsonValue payload, CallReply& reply, Millis now) {
  // OCPP 1.6 section 4.2: while Rejected, requests of the CSMS are not answered. While Pending they are.
  if (registration_ == Registration::rejected) {
    reply.none();
    return;
  }
  requests_.answer(action, payload, accepted(), reply, now);
}

void ChargePoint::on_reset(ResetKind kind, Millis now) {
  if (reset_ != Reset::none) return;
  log_.info(kTag, kind == ResetKind::soft ? "soft reset" : "hard reset", " asked for by the CSMS");
  charging_.stop(kind == ResetKind::soft ? StopReason::soft_reset : StopReason::hard_reset, now);
  reset_ = Reset::stopping;
  reset_limit_ = now + (kind == ResetKind::soft ? kSoftResetLimit : kHardResetLimit);
}

Millis ChargePoint::poll_reset(Millis now) {
  switch (reset_) {
    case Reset::none:
    case Reset::asked:
      return kNever;
    case Reset::stopping: {
      bool all_answered = transactions_.all_saved() && messenger_.queued() == 0;
      if (!all_answered && now < reset_limit_) return reset_limit_;
      connection_.close(ws_close::kGoingAway, "reset", now);
      reset_ = Reset::closing;
      reset_limit_ = now + kCloseLimit;
      return reset_limit_;
    }
    case Reset::closing:
      if (connection_.sockets() != 0 && now < reset_limit_) return reset_limit_;
      reset_ = Reset::asked;
      restart_.call(restart_.context);
      return kNever;
  }
  return kNever;
}

// ---- console

void ChargePoint::write_status(JsonWriter& json) const {
  int64_t transaction_id = 0;
  bool has_id = transactions_.transaction_id(transaction_id);
  json.member("state", name_of(charging_.status())).member("accepted", accepted());
  json.member("connected", messenger_.online()).key("transaction");
  if (transactions_.open()) {
    json.number(has_id ? transaction_id : 0);  // 0 until the CSMS has given it an id
  } else {
    json.null();
  }
  json.member("energy_wh", charging_.energy_wh()).member("queue", static_cast<uint64_t>(messenger_.queued()));
}

}  // namespace pb
