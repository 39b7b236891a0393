#include "features/charge_point/call_tag.h"
#include "features/charge_point/charge_point.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";
constexpr Millis kCloseLimit = 1'000;
/// Nothing wakes the loop when the peer has acknowledged what was sent.
constexpr Millis kDeliveryCheck = 20;

}  // namespace

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

}  // namespace pb
