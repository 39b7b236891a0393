#include "features/charge_point/call_tag.h"
#include "features/charge_point/charge_point.h"

namespace pb {

ChargePoint::Status ChargePoint::status_of(int connector) const {
  const ConnectorStatus status = charging_.status();
  // The charge point as a whole is never occupied (OCPP 1.6 section 4.9). A fault of the connector's lock does not
  // affect it.
  if (connector != 0 || charging_.emergency_stopped()) {
    return {status, charging_.error_code(), charging_.error_info()};
  }
  const bool inoperative = config_.settings().availability == Availability::inoperative;
  return {inoperative && status == ConnectorStatus::unavailable ? status : ConnectorStatus::available, "NoError", ""};
}

void ChargePoint::on_status(ConnectorStatus, Millis now) {
  is_authorize_overdue_ = false;
  if (!messenger_.gate_open()) return;
  if (!(status_of(0) == reported_[0].status)) send_status(0, now);
  send_status(1, now);
}

void ChargePoint::send_changed_statuses(Millis now) {
  for (int connector = 0; connector < kConnectors; ++connector) {
    const ReportedStatus& reported = reported_[connector];
    const bool is_changed = !(reported.status == status_of(connector));
    if (is_changed || !(reported.is_confirmed || reported.is_refused)) send_status(connector, now);
  }
}

/// Resends each lost status with its present value. A status that was dropped from the queue is resent when there is
/// room; a status that got no answer is resent after its pause. @return the time of the next resend.
Millis ChargePoint::send_lost_statuses(Millis now) {
  Millis due = kNever;
  for (int connector = 0; connector < kConnectors; ++connector) {
    const Millis resend_at = reported_[connector].resend_at;
    if (now < resend_at) {
      due = earlier(due, resend_at);
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
  // A missing timestamp is better than one of 1970.
  if (time_.quality() != TimeQuality::none) json.member("timestamp", format_timestamp(time_.at(now)).text());
  json.end_object();
  ReportedStatus& reported = reported_[connector];
  reported.status = status;
  reported.is_confirmed = false;
  ++reported.number;
  const bool queued =
      messenger_.call("StatusNotification", json.text(), *this, tag_of_status(connector, reported.number), priority(),
                      WhenFull::replaceable, now);
  reported.resend_at = queued ? kNever : now;
  return queued;
}

/// The last status that was sent for the connector; nullptr when `tag` is that of an earlier request.
ChargePoint::ReportedStatus* ChargePoint::reported_by(uint32_t tag) {
  ReportedStatus& reported = reported_[connector_of(tag)];
  return tag == tag_of_status(connector_of(tag), reported.number) ? &reported : nullptr;
}

void ChargePoint::on_status_answer(uint32_t tag) {
  if (ReportedStatus* reported = reported_by(tag)) {
    reported->is_confirmed = true;
    reported->is_refused = false;
    reported->resend_at = kNever;
  }
  reported_[connector_of(tag)].backoff.reset();
}

/// A rejected status is not resent, because it would be rejected again. After a disconnect the next connection sends an
/// unconfirmed status at once. If the CSMS has closed the connection instead of an answer, the status is resent after a
/// pause, so that other messages get through before it.
void ChargePoint::on_status_failed(uint32_t tag, CallFailure failure, Millis now) {
  ReportedStatus* reported = reported_by(tag);
  if (reported == nullptr) return;
  if (failure == CallFailure::dropped) reported->resend_at = now;
  reported->is_refused = failure == CallFailure::refused;
  if (failure == CallFailure::timed_out || failure == CallFailure::refused) {
    reported->resend_at = now + reported->backoff.next(rng_, kResendFirst, kResendLongest);
  }
}

}  // namespace pb
