#include "features/charge_point/charge_point.h"

#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";
constexpr Millis kCloseLimit = 1'000;
/// Nothing wakes the loop when the peer has acknowledged what was sent.
constexpr Millis kDeliveryCheck = 20;

/// What a request was, in the low byte of its tag. With an Authorize and a BootNotification comes its number, with a
/// status notification its connector and its number.
enum class Call : uint32_t { boot = 1, heartbeat, status, authorize, meter_values, data_transfer };

constexpr uint32_t tag_of(Call call) { return static_cast<uint32_t>(call); }
constexpr uint32_t tag_of_boot(uint32_t number) { return tag_of(Call::boot) | number << 8; }
constexpr uint32_t tag_of_authorize(uint32_t number) { return tag_of(Call::authorize) | number << 8; }
constexpr uint32_t tag_of_status(int connector, uint16_t number) {
  return tag_of(Call::status) | static_cast<uint32_t>(connector) << 8 | static_cast<uint32_t>(number) << 16;
}
constexpr uint32_t number_of(uint32_t tag) { return tag >> 8; }
constexpr Call call_of(uint32_t tag) { return static_cast<Call>(tag & 0xff); }
/// @return the interval of a BootNotification.conf in seconds, 0 where it has none that can be used.
uint64_t interval_of(JsonValue payload) {
  const JsonValue field = payload.find("interval");
  int64_t interval_s = 0;
  uint64_t too_long = 0;
  if (!read_integer(field, interval_s) && field.get_unsigned(too_long)) return ChargePoint::kLongestIntervalS;
  if (interval_s < 0) return 0;
  const auto seconds = static_cast<uint64_t>(interval_s);
  return seconds < ChargePoint::kLongestIntervalS ? seconds : ChargePoint::kLongestIntervalS;
}

constexpr int connector_of(uint32_t tag) { return static_cast<int>((tag >> 8) & 0xff); }

}  // namespace

ChargePoint::ChargePoint(Messenger& messenger, Connection& connection, Charging& charging, Transactions& transactions,
                         TimeSync& time, AuthCache& cache, Config& config, Security& security, const Identity& identity,
                         RestartRequest restart, Rng& rng, Logger& log)
    : messenger_(messenger),
      connection_(connection),
      charging_(charging),
      transactions_(transactions),
      time_(time),
      cache_(cache),
      config_(config),
      identity_(identity),
      restart_(restart),
      rng_(rng),
      log_(log),
      requests_(charging, transactions, config, security, cache, messenger, *this, log) {
  messenger_.set_handlers(*this, *this);
  charging_.set_listener(*this);
}

Millis ChargePoint::poll(Millis now) {
  const Millis requests_due = requests_.poll(now);
  if (reset_ != Reset::none) return earlier(requests_due, poll_reset(now));
  if (!messenger_.online()) return requests_due;
  const Millis due = earlier(requests_due, send_saved_values(now));
  if (!accepted()) {
    if (now >= next_boot_) send_boot_notification(now);
    return earlier(due, next_boot_);
  }
  // ChangeAvailability may change the charge point as a whole and leave the connector as it is.
  if (messenger_.gate_open() && !(status_of(0) == reported_[0].what)) send_status(0, now);
  const Millis retell_due = send_lost_statuses(now);
  if (now >= heartbeat_due()) send_heartbeat(now);
  return earlier(due, earlier(retell_due, heartbeat_due()));
}

// ---- registration

void ChargePoint::on_online(Millis now) {
  // A link that was lost and came back is no boot (OCPP 1.6 section 4.2); one is sent in poll() when it is due.
  if (!accepted()) return;
  connection_.confirm();
  messenger_.open_gate(true);
  send_statuses_that_changed(now);
}

void ChargePoint::on_offline(Millis) {
  messenger_.open_gate(false);
  for (ReportedStatus& reported : reported_) reported.backoff.reset();
  unsaved_values_.clear();
  requests_.on_offline();
}

bool ChargePoint::send_boot_notification(Millis now) {
  char buffer[Messenger::kMaxPayload];
  char serial[12];
  TextWriter serial_writer(serial);
  serial_writer.append(Hex{identity_.chip_id, 12});
  JsonWriter json(buffer);
  json.begin_object();
  json.member("chargePointVendor", "Plugbench").member("chargePointModel", "Plugbench CP");
  json.member("chargePointSerialNumber", serial_writer.text()).member("firmwareVersion", identity_.firmware_version);
  json.end_object();
  const bool queued = messenger_.call("BootNotification", json.text(), *this, tag_of_boot(boots_ + 1), Priority::boot,
                                      WhenFull::keep, now);
  if (queued) ++boots_;
  next_boot_ = queued ? kNever : now + kBootRetry;  // kNever: until the answer has come, or not
  return queued;
}

/// A late answer counts unless a later BootNotification has been answered. One that does not accept us counts only for
/// the last BootNotification: the answer to a later one says when the next one is due.
void ChargePoint::on_late_boot_answer(uint32_t number, JsonValue payload, Millis now) {
  const bool counts = number > answered_boot_ && (number == boots_ || payload.find("status").equals("Accepted"));
  if (counts) on_boot_answer(number, payload, now);
}

void ChargePoint::on_boot_answer(uint32_t number, JsonValue payload, Millis now) {
  answered_boot_ = number;
  take_time(payload, now);
  FixedText<16> status;
  payload.find("status").get(status);
  const uint64_t interval_s = interval_of(payload);
  if (status.text() == "Accepted") {
    // After a boot the CSMS is told everything anew, whatever it has triggered before.
    for (ReportedStatus& reported : reported_) reported.is_confirmed = reported.is_confirmed && accepted();
    registration_ = Registration::accepted;
    if (interval_s != 0) config_.adopt_heartbeat_interval(static_cast<uint32_t>(interval_s));
    last_heartbeat_ = now;
    log_.info(kTag, "accepted by the CSMS, heartbeat every ", config_.settings().heartbeat_interval_s, " s");
    connection_.confirm();
    messenger_.open_gate(true);
    send_statuses_that_changed(now);
    return;
  }
  registration_ = status.text() == "Rejected" ? Registration::rejected : Registration::pending;
  messenger_.open_gate(false);
  next_boot_ = now + (interval_s != 0 ? Millis{1000} * interval_s : kBootRetry);
  log_.warning(kTag, "BootNotification was answered with ", status.empty() ? Text("no known status") : status.text(),
               "; again in ", (next_boot_ - now) / 1000, " s");
}

bool ChargePoint::send_heartbeat(Millis now) {
  last_heartbeat_ = now;
  ask_time_at_ = kNever;
  const bool queued =
      messenger_.call("Heartbeat", "{}", *this, tag_of(Call::heartbeat), priority(), WhenFull::replaceable, now);
  if (!queued) ask_time_later(now);
  return queued;
}

void ChargePoint::take_time(JsonValue payload, Millis now) {
  const JsonValue reported = payload.find("currentTime");
  UnixMillis time = 0;
  if (read_timestamp(reported, time) && time_.set_from_csms(time)) {
    ask_time_at_ = kNever;
    ask_time_backoff_.reset();
    return;
  }
  Text shown = reported.exists() ? reported.raw() : Text("none");
  if (shown.length > kLongestDateTime) shown = "a long value";
  log_.warning(kTag, "the CSMS sent no usable currentTime (", shown,
               "): it needs a date-time of ISO 8601, from 2020 on");
  ask_time_later(now);
}

/// Without the CSMS' time transaction messages wait, or go out with a time that may be wrong.
void ChargePoint::ask_time_later(Millis now) {
  if (time_.quality() == TimeQuality::csms) return;
  ask_time_at_ = now + ask_time_backoff_.next(rng_, kAskTimeFirst, kAskTimeLongest);
  log_.info(kTag, "a Heartbeat asks for the time in ", (ask_time_at_ - now) / 1000, " s at the latest");
}

// ---- status

ChargePoint::Status ChargePoint::status_of(int connector) const {
  const ConnectorStatus status = charging_.status();
  // The charge point as a whole is never occupied (OCPP 1.6 section 4.9), and what is wrong with the connector's lock
  // is not wrong with it.
  if (connector != 0 || charging_.emergency_stopped()) {
    return {status, charging_.error_code(), charging_.error_info()};
  }
  const bool inoperative = config_.settings().availability == Availability::inoperative;
  return {inoperative && status == ConnectorStatus::unavailable ? status : ConnectorStatus::available, "NoError", ""};
}

void ChargePoint::on_status(ConnectorStatus, Millis now) {
  turned_away_ = false;
  if (!messenger_.gate_open()) return;
  if (!(status_of(0) == reported_[0].what)) send_status(0, now);
  send_status(1, now);
}

void ChargePoint::send_statuses_that_changed(Millis now) {
  for (int connector = 0; connector < kConnectors; ++connector) {
    const ReportedStatus& reported = reported_[connector];
    if (!reported.is_confirmed || !(reported.what == status_of(connector))) send_status(connector, now);
  }
}

/// A status that had to make room goes out when there is room again, one that got no answer after a while; as it is by
/// then. @return when the next one is due.
Millis ChargePoint::send_lost_statuses(Millis now) {
  Millis due = kNever;
  for (int connector = 0; connector < kConnectors; ++connector) {
    const Millis retell_at = reported_[connector].retell_at;
    if (now < retell_at) {
      due = earlier(due, retell_at);
    } else if (messenger_.gate_open() && messenger_.has_room()) {
      send_status(connector, now);
    }
  }
  return due;
}

bool ChargePoint::send_status(int connector, Millis now) {
  const Status status = status_of(connector);
  char buffer[Messenger::kMaxPayload];
  JsonWriter json(buffer);
  json.begin_object().member("connectorId", connector).member("errorCode", status.error_code);
  if (!status.info.empty()) json.member("info", status.info);
  json.member("status", name_of(status.status));
  // No time is better than one of 1970.
  if (time_.quality() != TimeQuality::none) json.member("timestamp", format_timestamp(time_.at(now)).text());
  json.end_object();
  ReportedStatus& reported = reported_[connector];
  reported.what = status;
  reported.is_confirmed = false;
  ++reported.number;
  const bool queued =
      messenger_.call("StatusNotification", json.text(), *this, tag_of_status(connector, reported.number), priority(),
                      WhenFull::replaceable, now);
  reported.retell_at = queued ? kNever : now;
  return queued;
}

/// What the CSMS was told last of the connector, where this request was that; nullptr where a later one was.
ChargePoint::ReportedStatus* ChargePoint::reported_by(uint32_t tag) {
  ReportedStatus& reported = reported_[connector_of(tag)];
  return tag == tag_of_status(connector_of(tag), reported.number) ? &reported : nullptr;
}

// ---- authorization

void ChargePoint::on_id_tag(Text id_tag, Millis now) {
  ++authorization_;  // whatever is still to be answered was about another one
  if (!messenger_.gate_open()) {
    charging_.authorized(may_charge_offline(id_tag), "", now);
    return;
  }
  IdTagInfo known;
  if (config_.settings().local_pre_authorize && cache_.find(id_tag, known) &&
      known.status == AuthorizationStatus::accepted) {
    log_.info(kTag, "idTag ", id_tag, " is accepted by the authorization cache");
    charging_.authorized(true, known.parent.text(), now);
    return;
  }
  char buffer[Messenger::kMaxPayload];
  JsonWriter json(buffer);
  json.begin_object().member("idTag", id_tag).end_object();
  asked_.assign(id_tag);
  asked_at_ = now;
  if (!messenger_.call("Authorize", json.text(), *this, tag_of_authorize(authorization_), Priority::user,
                       WhenFull::keep, now)) {
    charging_.authorized(false, "", now);
  }
}

/// OCPP 1.6 section 4.1.1: LocalAuthorizeOffline is about those whom the cache accepts, AllowOfflineTxForUnknownId
/// about those whom it does not know. Whom it knows and does not accept may not charge.
bool ChargePoint::may_charge_offline(Text id_tag) const {
  const Settings& settings = config_.settings();
  IdTagInfo known;
  const bool is_known = cache_.find(id_tag, known);
  const bool is_accepted = is_known && known.status == AuthorizationStatus::accepted;
  const bool may = settings.allow_offline_tx_for_unknown_id ? !is_known || is_accepted
                                                            : is_accepted && settings.local_authorize_offline;
  log_.info(kTag, "offline: ", id_tag, may ? " may charge" : " may not charge", ", the authorization cache has it as ",
            is_known ? name_of(known.status) : Text("unknown"));
  return may;
}

// ---- DataTransfer

bool ChargePoint::transfer(Text vendor, Text message, Text data, DataTransferDone done, Millis now) {
  if (transfer_done_.call != nullptr || !messenger_.gate_open()) return false;
  char buffer[Messenger::kMaxPayload];
  JsonWriter json(buffer);
  json.begin_object().member("vendorId", vendor);
  if (!message.empty()) json.member("messageId", message);
  if (!data.empty()) json.member("data", data);
  json.end_object();
  if (!json.ok() || !messenger_.call("DataTransfer", json.text(), *this, tag_of(Call::data_transfer), Priority::normal,
                                     WhenFull::keep, now)) {
    return false;
  }
  transfer_done_ = done;
  return true;
}

void ChargePoint::end_transfer(Text answer, Text failure) {
  const DataTransferDone done = transfer_done_;
  transfer_done_ = DataTransferDone();
  if (done.call != nullptr) done.call(done.context, answer, failure);
}

// ---- answers

void ChargePoint::on_result(uint32_t tag, JsonValue payload, Millis now) {
  switch (call_of(tag)) {
    case Call::boot:
      on_boot_answer(number_of(tag), payload, now);
      return;
    case Call::heartbeat:
      take_time(payload, now);
      return;
    case Call::status:
      on_status_answer(tag);
      return;
    case Call::authorize: {
      if (tag != tag_of_authorize(authorization_)) return;
      const JsonValue json = payload.find("idTagInfo");
      IdTagInfo info;
      info.read(json, log_);
      if (is_given(json)) cache_.on_id_tag_info(asked_.text(), info);
      // Accepted counts now, whatever its expiryDate says of the time after (section 7.27).
      charging_.authorized(info.accepted(), info.parent.text(), now);
      return;
    }
    case Call::meter_values:
      return;
    case Call::data_transfer:
      end_transfer(payload.raw(), "");
      return;
  }
}

void ChargePoint::on_late_result(uint32_t tag, JsonValue payload, Millis now) {
  switch (call_of(tag)) {
    case Call::boot:
      on_late_boot_answer(number_of(tag), payload, now);
      return;
    case Call::heartbeat:
      take_time(payload, now);
      return;
    case Call::status:
      on_status_answer(tag);
      return;
    case Call::authorize:
      if (tag == tag_of_authorize(authorization_)) on_late_authorization(payload.find("idTagInfo"), now);
      return;
    case Call::meter_values:
    case Call::data_transfer:  // the console has had its answer
      return;
  }
}

void ChargePoint::on_status_answer(uint32_t tag) {
  if (ReportedStatus* reported = reported_by(tag)) {
    reported->is_confirmed = true;
    reported->retell_at = kNever;
  }
  reported_[connector_of(tag)].backoff.reset();
}

/// The driver was turned away. As long as nothing has happened at the connector since, and the driver might still have
/// plugged in had the answer been in time, it counts.
void ChargePoint::on_late_authorization(JsonValue json, Millis now) {
  IdTagInfo info;
  info.read(json, log_);
  if (is_given(json)) cache_.on_id_tag_info(asked_.text(), info);
  const Millis wait = Millis{1000} * config_.settings().connection_timeout_s;
  if (!turned_away_ || now - asked_at_ >= wait || !info.accepted()) return;
  turned_away_ = false;
  charging_.remote_start(asked_.text(), now, false, info.parent.text());
}

void ChargePoint::on_failure(uint32_t tag, CallFailure failure, Millis now) {
  switch (call_of(tag)) {
    case Call::boot:
      // After a loss of the link it goes out as soon as there is a new one.
      next_boot_ = failure == CallFailure::disconnected ? now : now + kBootRetry;
      return;
    case Call::authorize:
      if (tag != tag_of_authorize(authorization_)) return;
      charging_.authorized(failure == CallFailure::disconnected && may_charge_offline(asked_.text()), "", now);
      turned_away_ = failure == CallFailure::timed_out;
      return;
    case Call::data_transfer:
      end_transfer("", name_of(failure));
      return;
    case Call::status:
      // What was refused would be refused again, and a new connection tells what was not confirmed.
      if (ReportedStatus* reported = reported_by(tag)) {
        if (failure == CallFailure::dropped) reported->retell_at = now;
        if (failure == CallFailure::timed_out) {
          reported->retell_at = now + reported->backoff.next(rng_, kRetellFirst, kRetellLongest);
        }
      }
      return;
    case Call::heartbeat:
      ask_time_later(now);
      return;
    case Call::meter_values:
      return;
  }
}

// ---- requests of the CSMS

void ChargePoint::on_call(Text action, JsonValue payload, CallReply& reply, Millis now) {
  requests_.answer(action, payload, accepted(), reply, now);
}

bool ChargePoint::on_reset(ResetKind kind, Millis now) {
  if (reset_ != Reset::none) return false;
  log_.info(kTag, kind == ResetKind::soft ? "soft reset" : "hard reset", " asked for by the CSMS");
  charging_.stop_for_restart(kind == ResetKind::soft ? StopReason::soft_reset : StopReason::hard_reset, now);
  reset_ = Reset::stopping;
  answer_wait_ = kind == ResetKind::soft ? kSoftResetLimit : kHardResetLimit;
  reset_limit_ = now + answer_wait_;
  save_limit_ = now + CsmsRequests::kSaveLimit;
  return true;
}

/// A connector that has nothing to do with the message is ignored; without one, all are meant.
bool ChargePoint::on_trigger(Trigger trigger, const int64_t* connector, Millis now) {
  switch (trigger) {
    case Trigger::boot_notification:
      return send_boot_notification(now);
    case Trigger::heartbeat:
      return send_heartbeat(now);
    case Trigger::meter_values:
      // The charge point as a whole has no meter of its own.
      return (connector == nullptr || *connector == CsmsRequests::kConnector) && trigger_meter_values(now);
    case Trigger::status_notification: {
      bool any = false;
      for (int each = 0; each < kConnectors; ++each) {
        if (connector == nullptr || *connector == each) any = send_status(each, now) || any;
      }
      return any;
    }
  }
  return false;
}

/// The present reading, as TriggerMessage wants it. It is no part of the transaction's samples, so it is not kept; but
/// the register must not be less after a cut than the CSMS was reported. Another trigger while one waits for the flash
/// gets its reading into the same message.
bool ChargePoint::trigger_meter_values(Millis now) {
  char buffer[Messenger::kMaxPayload];
  const MeterSample sample{
      {}, charging_.present_reading(now), ReadingContext::trigger, config_.settings().meter_values_sampled_data};
  // Nothing to tell, or no time to tell it with: none is better than one of 1970.
  if (sample.measurands.empty() || time_.quality() == TimeQuality::none) return false;
  int64_t transaction_id = 0;
  JsonWriter json(buffer);
  json.begin_object().member("connectorId", CsmsRequests::kConnector);
  if (transactions_.transaction_id(transaction_id)) json.member("transactionId", transaction_id);
  json.key("meterValue").begin_array().begin_object().member("timestamp", format_timestamp(time_.at(now)).text());
  json.key("sampledValue");
  write_sampled_values(json, sample, config_.settings().nominal_voltage_v);
  json.end_object().end_array().end_object();
  transactions_.save_energy(sample.reading.energy_wh);
  if (transactions_.energy_saved(sample.reading.energy_wh)) return send_meter_values(json.text(), now);
  if (unsaved_values_.empty()) unsaved_limit_ = now + CsmsRequests::kSaveLimit;
  unsaved_wh_ = sample.reading.energy_wh;
  return unsaved_values_.assign(json.text());
}

bool ChargePoint::send_meter_values(Text payload, Millis now) {
  return messenger_.call("MeterValues", payload, *this, tag_of(Call::meter_values), priority(), WhenFull::replaceable,
                         now);
}

/// What waited for the flash goes when that is done; where the flash takes nothing, all the same, but later.
Millis ChargePoint::send_saved_values(Millis now) {
  if (unsaved_values_.empty()) return kNever;
  if (!transactions_.energy_saved(unsaved_wh_) && now < unsaved_limit_) return unsaved_limit_;
  if (messenger_.has_room() && send_meter_values(unsaved_values_.text(), now)) unsaved_values_.clear();
  return kNever;
}

Millis ChargePoint::poll_reset(Millis now) {
  switch (reset_) {
    case Reset::none:
    case Reset::asked:
      return kNever;
    case Reset::stopping: {
      // What is not on flash is lost with the restart; what is, is told after it.
      if (!transactions_.all_saved() && now < save_limit_) {
        reset_limit_ = now + answer_wait_;  // sent it can be only then
        return save_limit_;
      }
      if (messenger_.queued() != 0 && now < reset_limit_) return reset_limit_;
      reset_ = Reset::delivering;
      delivery_check_at_ = earlier(reset_limit_, now + kDeliveryCheck);
      return delivery_check_at_;
    }
    case Reset::delivering: {
      // The restart would take what is still in the socket along, Reset.conf above all. An acknowledgement takes a
      // while, so the first look waits as well: whether it is there at once is the network's affair.
      if (now < delivery_check_at_) return delivery_check_at_;
      if (!connection_.delivered() && now < reset_limit_) {
        delivery_check_at_ = earlier(reset_limit_, now + kDeliveryCheck);
        return delivery_check_at_;
      }
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
  json.member("reporting", name_of(reporting()));
}

}  // namespace pb
