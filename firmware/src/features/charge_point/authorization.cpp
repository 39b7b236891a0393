#include "features/charge_point/call_tag.h"
#include "features/charge_point/charge_point.h"
#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";

Text name_of(LocalIdTag::Source source) {
  return source == LocalIdTag::Source::local_list ? "the local authorization list" : "the authorization cache";
}

}  // namespace

void ChargePoint::on_id_tag(Text id_tag, Millis now) {
  ++authorization_;  // the answer to an earlier Authorize no longer counts
  local_.cancel();
  if (messenger_.gate_open() && !config_.settings().local_pre_authorize) return request_authorization(id_tag, now);
  decide_locally(id_tag, !messenger_.gate_open(), now);
}

/// Decides by the local list and the authorization cache, perhaps in a later round.
/// @param offline whether the CSMS cannot be asked
void ChargePoint::decide_locally(Text id_tag, bool offline, Millis now) {
  is_offline_decision_ = offline;
  local_.look_up(id_tag);
  take_local_decision(now);
}

Millis ChargePoint::take_local_decision(Millis now) {
  LocalIdTag known;
  if (!local_.take(known)) return local_.has_to_retry() ? now + LocalList::kBusyPause : kNever;
  if (is_offline_decision_ || !messenger_.gate_open()) {
    charging_.authorized(may_charge_offline(known), known.info.parent.text(), now);
  } else if (known.is_accepted()) {
    log_.info(kTag, "idTag ", known.id_tag.text(), " is accepted by ", name_of(known.source));
    charging_.authorized(true, known.info.parent.text(), now);
  } else {
    request_authorization(known.id_tag.text(), now);
  }
  return kNever;
}

void ChargePoint::request_authorization(Text id_tag, Millis now) {
  char buffer[Messenger::kMaxPayload];
  JsonWriter json(buffer);
  json.begin_object().member("idTag", id_tag).end_object();
  const uint32_t tag = tag_of_authorize(authorization_);
  authorize_request_of(tag).tag = tag;
  authorize_request_of(tag).id_tag.assign(id_tag);
  authorize_sent_at_ = now;
  if (!messenger_.call("Authorize", json.text(), *this, tag, Priority::user, WhenFull::keep, now)) {
    charging_.authorized(false, "", now);
  }
}

ChargePoint::AuthorizeRequest& ChargePoint::authorize_request_of(uint32_t tag) {
  return authorize_requests_[number_of(tag) % kAuthorizeRequests];
}

/// OCPP 1.6 section 4.1.1: an idTag that the list or the cache accepts needs LocalAuthorizeOffline or
/// AllowOfflineTxForUnknownId, an unknown one needs the latter. Any other idTag must not charge. After a file was
/// damaged, an unknown idTag must not charge either, because it may be a blocked one.
bool ChargePoint::may_charge_offline(const LocalIdTag& known) const {
  const Settings& settings = config_.settings();
  const bool may_be_unknown = settings.allow_offline_tx_for_unknown_id && !known.is_uncertain;
  const bool may_be_accepted = settings.allow_offline_tx_for_unknown_id || settings.local_authorize_offline;
  const bool may = known.is_known() ? known.is_accepted() && may_be_accepted : may_be_unknown;
  const Text unknown = known.is_uncertain ? "unknown, and has lost entries" : "unknown";
  log_.info(kTag, "offline: ", known.id_tag.text(), may ? " may charge" : " may not charge", ", ",
            name_of(known.source), " has it as ", known.is_known() ? pb::name_of(known.info.status) : unknown);
  return may;
}

/// Passes an answer to the cache, even if it is late or is about an earlier idTag.
IdTagInfo ChargePoint::take_authorization(uint32_t tag, JsonValue payload) {
  const JsonValue json = payload.find("idTagInfo");
  IdTagInfo info;
  info.read(json, log_);
  const AuthorizeRequest& request = authorize_request_of(tag);
  if (is_given(json) && request.tag == tag) cache_.on_id_tag_info(request.id_tag.text(), info);
  return info;
}

void ChargePoint::on_authorization(uint32_t tag, JsonValue payload, Millis now) {
  const IdTagInfo info = take_authorization(tag, payload);
  if (tag != tag_of_authorize(authorization_)) return;
  // Accepted applies to this moment, whatever the expiryDate (section 7.27).
  charging_.authorized(info.accepted(), info.parent.text(), now);
}

/// Authorize had a timeout, and the idTag was rejected. If the answer comes within ConnectionTimeOut, it still counts,
/// unless something has happened at the connector since.
void ChargePoint::on_late_authorization(uint32_t tag, JsonValue payload, Millis now) {
  const IdTagInfo info = take_authorization(tag, payload);
  const Millis wait = Millis{1000} * config_.settings().connection_timeout_s;
  const bool counts =
      tag == tag_of_authorize(authorization_) && is_authorize_overdue_ && now - authorize_sent_at_ < wait;
  if (!counts || !info.accepted()) return;
  is_authorize_overdue_ = false;
  charging_.remote_start(authorize_request_of(tag).id_tag.text(), now, false, info.parent.text());
}

void ChargePoint::on_authorization_failed(uint32_t tag, CallFailure failure, Millis now) {
  if (tag != tag_of_authorize(authorization_)) return;
  is_authorize_overdue_ = failure == CallFailure::timed_out;
  if (failure == CallFailure::disconnected || failure == CallFailure::refused) {
    decide_locally(authorize_request_of(tag).id_tag.text(), true, now);
  } else {
    charging_.authorized(false, "", now);
  }
}

}  // namespace pb
