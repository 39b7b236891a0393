#include "features/charge_point/call_tag.h"
#include "features/charge_point/charge_point.h"
#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";

}  // namespace

void ChargePoint::on_id_tag(Text id_tag, Millis now) {
  ++authorization_;  // the answer to an earlier Authorize no longer counts
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

/// OCPP 1.6 section 4.1.1: LocalAuthorizeOffline applies to idTags that the cache accepts, AllowOfflineTxForUnknownId
/// to unknown ones. Any other idTag in the cache may not charge. After its file was damaged, an unknown idTag may be a
/// blocked one.
bool ChargePoint::may_charge_offline(Text id_tag) const {
  const Settings& settings = config_.settings();
  IdTagInfo known;
  const bool is_known = cache_.find(id_tag, known);
  const bool is_accepted = is_known && known.status == AuthorizationStatus::accepted;
  const bool may_be_unknown = settings.allow_offline_tx_for_unknown_id && !cache_.is_incomplete();
  const bool may_be_accepted = settings.allow_offline_tx_for_unknown_id || settings.local_authorize_offline;
  const bool may = is_known ? is_accepted && may_be_accepted : may_be_unknown;
  const Text unknown = cache_.is_incomplete() ? "unknown, and has lost entries" : "unknown";
  log_.info(kTag, "offline: ", id_tag, may ? " may charge" : " may not charge", ", the authorization cache has it as ",
            is_known ? name_of(known.status) : unknown);
  return may;
}

/// Passes an answer to the cache, also a late one, and one about an earlier idTag.
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
  // Accepted counts now, with any expiryDate (section 7.27).
  charging_.authorized(info.accepted(), info.parent.text(), now);
}

/// The idTag was refused after a timeout. The late answer counts if nothing has happened at the connector since, and
/// within ConnectionTimeOut.
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
  const bool may_charge =
      failure == CallFailure::disconnected && may_charge_offline(authorize_request_of(tag).id_tag.text());
  charging_.authorized(may_charge, "", now);
  is_authorize_overdue_ = failure == CallFailure::timed_out;
}

}  // namespace pb
