#include "features/charge_point/charge_point.h"

#include "features/charge_point/call_tag.h"
#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";

/// @return the interval of a BootNotification.conf in seconds, 0 if it has no usable one.
uint64_t interval_of(JsonValue payload) {
  const JsonValue field = payload.find("interval");
  int64_t interval_s = 0;
  uint64_t too_long = 0;
  if (!read_integer(field, interval_s) && field.get_unsigned(too_long)) return ChargePoint::kLongestIntervalS;
  if (interval_s < 0) return 0;
  const auto seconds = static_cast<uint64_t>(interval_s);
  return seconds < ChargePoint::kLongestIntervalS ? seconds : ChargePoint::kLongestIntervalS;
}

}  // namespace

ChargePoint::ChargePoint(Messenger& messenger, Connection& connection, Charging& charging, Transactions& transactions,
                         TimeSync& time, LocalList& list, AuthCache& cache, Config& config, Security& security,
                         const Identity& identity, RestartRequest restart, Rng& rng, Logger& log)
    : messenger_(messenger),
      connection_(connection),
      charging_(charging),
      transactions_(transactions),
      time_(time),
      list_(list),
      cache_(cache),
      config_(config),
      identity_(identity),
      restart_(restart),
      rng_(rng),
      log_(log),
      requests_(charging, transactions, config, security, list, cache, messenger, *this, log),
      local_(list, cache) {
  messenger_.set_handlers(*this, *this);
  charging_.set_listener(*this);
  transactions_.set_surplus_listener(*this);
}

Millis ChargePoint::poll(Millis now) {
  const Millis requests_due = earlier(take_local_decision(now), requests_.poll(now));
  if (reset_ != Reset::none) return earlier(requests_due, poll_reset(now));
  if (!messenger_.online()) return requests_due;
  const Millis due = earlier(requests_due, send_saved_values(now));
  if (!accepted()) {
    if (now >= next_boot_) send_boot_notification(now);
    return earlier(due, next_boot_);
  }
  // ChangeAvailability can change the status of the whole charge point and leave that of the connector as it is.
  if (messenger_.gate_open() && !(status_of(0) == reported_[0].status)) send_status(0, now);
  const Millis resend_due = send_lost_statuses(now);
  if (now >= heartbeat_due()) send_heartbeat(now);
  return earlier(due, earlier(resend_due, heartbeat_due()));
}

// ---- registration

void ChargePoint::on_online(Millis now) {
  if (connection_.target() != target_) {
    // Another CSMS does not know this charge point yet.
    target_ = connection_.target();
    registration_ = Registration::unknown;
    next_boot_ = now;
    for (ReportedStatus& reported : reported_) reported.is_confirmed = reported.is_refused = false;
  }
  // A reconnect is no boot (OCPP 1.6 section 4.2); poll() sends a BootNotification when it is due.
  if (!accepted()) return;
  connection_.confirm();
  messenger_.open_gate(true);
  send_changed_statuses(now);
}

void ChargePoint::on_offline(Millis) {
  messenger_.open_gate(false);
  for (ReportedStatus& reported : reported_) {
    if (!reported.is_refused) reported.backoff.reset();
  }
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
  next_boot_ = queued ? kNever : now + kBootRetry;  // kNever: the answer or the failure sets it
  return queued;
}

/// A late answer counts only if no later BootNotification has been answered. If a later one has been sent, a late
/// Pending or Rejected is ignored, because the later one's answer will have the valid interval.
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
    // After a boot every status is sent, even if the CSMS has got it before by TriggerMessage.
    for (ReportedStatus& reported : reported_) reported.is_confirmed = reported.is_confirmed && accepted();
    registration_ = Registration::accepted;
    if (interval_s != 0) config_.adopt_heartbeat_interval(static_cast<uint32_t>(interval_s));
    last_heartbeat_ = now;
    log_.info(kTag, "accepted by the CSMS, heartbeat every ", config_.settings().heartbeat_interval_s, " s");
    connection_.confirm();
    messenger_.open_gate(true);
    send_changed_statuses(now);
    return;
  }
  registration_ = status.text() == "Rejected" ? Registration::rejected : Registration::pending;
  messenger_.open_gate(false);
  next_boot_ = now + (interval_s != 0 ? Millis{1000} * interval_s : kBootRetry);
  log_.warning(kTag, "BootNotification was answered with ", status.empty() ? Text("no known status") : status.text(),
               "; next one in ", (next_boot_ - now) / 1000, " s");
}

// ---- DataTransfer

const char* ChargePoint::transfer(Text vendor, Text message, Text data, DataTransferDone done, Millis now) {
  if (count_characters(vendor) > 255) return "vendorId has more than 255 characters";
  if (count_characters(message) > 50) return "messageId has more than 50 characters";
  if (!messenger_.gate_open()) return "the CSMS has not accepted the device";
  if (transfer_done_.call != nullptr) return "the last DataTransfer has no answer yet, try again";
  char buffer[Messenger::kMaxPayload];
  JsonWriter json(buffer);
  json.begin_object().member("vendorId", vendor);
  if (!message.empty()) json.member("messageId", message);
  if (!data.empty()) json.member("data", data);
  json.end_object();
  static_assert(Messenger::kMaxPayload == 512, "the error names it");
  if (!json.ok()) return "the message has more than 512 bytes";
  if (!messenger_.call("DataTransfer", json.text(), *this, tag_of(Call::data_transfer), Priority::normal,
                       WhenFull::keep, now)) {
    return "too many messages are waiting, try again";
  }
  transfer_done_ = done;
  return nullptr;
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
    case Call::authorize:
      on_authorization(tag, payload, now);
      return;
    case Call::meter_values:
    case Call::surplus_stop:
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
      on_late_authorization(tag, payload, now);
      return;
    case Call::meter_values:
    case Call::surplus_stop:
    case Call::data_transfer:  // the console has already printed a timeout
      return;
  }
}

void ChargePoint::on_failure(uint32_t tag, CallFailure failure, Millis now) {
  switch (call_of(tag)) {
    case Call::boot:
      // After a disconnect, BootNotification is sent on the next connection.
      next_boot_ = failure == CallFailure::disconnected ? now : now + kBootRetry;
      return;
    case Call::authorize:
      on_authorization_failed(tag, failure, now);
      return;
    case Call::data_transfer:
      end_transfer("", name_of(failure));
      return;
    case Call::status:
      on_status_failed(tag, failure, now);
      return;
    case Call::heartbeat:
      request_time_later(now);
      return;
    case Call::meter_values:
      return;
    case Call::surplus_stop:
      log_.error(kTag, "a StopTransaction without a charge failed: ", pb::name_of(failure),
                 "; end the surplus transaction in the CSMS");
      return;
  }
}

void ChargePoint::on_surplus_transaction(Text stop, Millis now) {
  if (!messenger_.call("StopTransaction", stop, *this, tag_of(Call::surplus_stop), Priority::normal, WhenFull::keep,
                       now)) {
    on_failure(tag_of(Call::surplus_stop), CallFailure::dropped, now);
  }
}

// ---- console

void ChargePoint::write_status(JsonWriter& json) const {
  int64_t transaction_id = 0;
  bool has_id = transactions_.transaction_id(transaction_id);
  json.member("state", name_of(charging_.status())).member("accepted", accepted());
  json.member("connected", messenger_.online()).key("transaction");
  if (transactions_.open()) {
    json.number(has_id ? transaction_id : 0);  // 0 until the CSMS has assigned an id
  } else {
    json.null();
  }
  json.member("energy_wh", charging_.energy_wh()).member("queue", static_cast<uint64_t>(messenger_.queued()));
  json.member("reporting", name_of(reporting()));
  json.key("lost_files").begin_array();
  if (transactions_.ledger_is_lost()) json.string("ledger");
  if (list_.is_incomplete()) json.string(LocalList::kFile);
  if (cache_.is_incomplete()) json.string(AuthCache::kFile);
  json.end_array();
}

}  // namespace pb
