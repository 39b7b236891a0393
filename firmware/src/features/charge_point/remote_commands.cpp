#include "features/charge_point/call_tag.h"
#include "features/charge_point/charge_point.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";
constexpr Millis kCloseLimit = 1'000;
/// Interval of the checks for the peer's acknowledgement, which does not wake the loop.
constexpr Millis kDeliveryCheck = 20;

}  // namespace

void ChargePoint::on_call(Text action, JsonValue payload, CallReply& reply, Millis now) {
  requests_.answer(action, payload, accepted(), reply, now);
}

bool ChargePoint::on_reset(ResetKind kind, Millis now) {
  if (reset_ != Reset::none) return false;
  log_.info(kTag, kind == ResetKind::soft ? "soft reset" : "hard reset", " requested by the CSMS");
  charging_.stop_for_restart(kind == ResetKind::soft ? StopReason::soft_reset : StopReason::hard_reset, now);
  reset_ = Reset::stopping;
  answer_wait_ = kind == ResetKind::soft ? kSoftResetLimit : kHardResetLimit;
  reset_limit_ = now + answer_wait_;
  save_limit_ = now + CsmsRequests::kSaveLimit;
  return true;
}

/// Ignores `connector` for a message that concerns no connector. nullptr means all connectors.
bool ChargePoint::on_trigger(Trigger trigger, const int64_t* connector, Millis now) {
  switch (trigger) {
    case Trigger::boot_notification:
      return send_boot_notification(now);
    case Trigger::heartbeat:
      return send_heartbeat(now);
    case Trigger::meter_values:
      // Connector 0, the charge point as a whole, has no meter.
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

/// Sends the present reading for TriggerMessage. The reading is no sample of the transaction and is not stored. But the
/// register is saved before the reading is sent: after a power cut the register must not be below a reading that the
/// CSMS has. A trigger during this wait replaces the reading.
bool ChargePoint::trigger_meter_values(Millis now) {
  char buffer[Messenger::kMaxPayload];
  const MeterSample sample{
      {}, charging_.present_reading(now), ReadingContext::trigger, config_.settings().meter_values_sampled_data};
  // Without measurands there is nothing to send. Without the time, do not send a reading: it would be dated 1970.
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

/// Sends the reading when the register is on flash, or after the limit.
Millis ChargePoint::send_saved_values(Millis now) {
  if (unsaved_values_.empty()) return kNever;
  if (!transactions_.energy_saved(unsaved_wh_) && now < unsaved_limit_) return unsaved_limit_;
  if (messenger_.has_room() && send_meter_values(unsaved_values_.text(), now)) unsaved_values_.clear();
  return kNever;
}

Millis ChargePoint::poll_reset(Millis now) {
  switch (reset_) {
    case Reset::none:
    case Reset::requested:
      return kNever;
    case Reset::stopping: {
      // Unsaved messages would be lost in the restart; saved messages are sent after it.
      if (!transactions_.all_saved() && now < save_limit_) {
        reset_limit_ = now + answer_wait_;  // a message is sent only after it is saved
        return save_limit_;
      }
      if (messenger_.queued() != 0 && now < reset_limit_) return reset_limit_;
      reset_ = Reset::removing;
      save_limit_ = now + CsmsRequests::kSaveLimit;
      [[fallthrough]];
    }
    case Reset::removing: {
      if (!transactions_.all_removed() && now < save_limit_) return save_limit_;
      reset_ = Reset::delivering;
      delivery_check_at_ = earlier(reset_limit_, now + kDeliveryCheck);
      return delivery_check_at_;
    }
    case Reset::delivering: {
      // The restart would discard bytes in the socket that are not delivered yet, above all Reset.conf. The first check
      // has the same delay as the others, so that its result does not depend on the speed of the network.
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
      reset_ = Reset::requested;
      restart_.call(restart_.context);
      return kNever;
  }
  return kNever;
}

}  // namespace pb
