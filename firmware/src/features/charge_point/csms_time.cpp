#include "features/charge_point/call_tag.h"
#include "features/charge_point/charge_point.h"
#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";

}  // namespace

bool ChargePoint::send_heartbeat(Millis now) {
  last_heartbeat_ = now;
  request_time_at_ = kNever;
  const bool queued =
      messenger_.call("Heartbeat", "{}", *this, tag_of(Call::heartbeat), priority(), WhenFull::replaceable, now);
  if (!queued) request_time_later(now);
  return queued;
}

void ChargePoint::take_time(JsonValue payload, Millis now) {
  const JsonValue reported = payload.find("currentTime");
  UnixMillis time = 0;
  const bool is_time = read_timestamp(reported, time) && TimeSync::is_usable(time);
  if (is_time && !connection_.certificate_holds_at(time / 1000)) {
    log_.warning(kTag, "the CSMS sent the currentTime ", format_timestamp(time).text(),
                 ", at which its own certificate is not valid: it is not used");
    request_time_later(now);
    return;
  }
  if (is_time && time_.set_from_csms(time)) {
    request_time_at_ = kNever;
    request_time_backoff_.reset();
    return;
  }
  Text shown = reported.exists() ? reported.raw() : Text("none");
  if (shown.length > kLongestDateTime) shown = "a long value";
  log_.warning(kTag, "the CSMS sent no usable currentTime (", shown,
               "): expected an ISO 8601 date-time from 2020 to 2100");
  request_time_later(now);
}

/// Without a time from the CSMS, transaction messages are held back, or can have a wrong time.
void ChargePoint::request_time_later(Millis now) {
  if (time_.quality() == TimeQuality::csms) return;
  request_time_at_ = now + request_time_backoff_.next(rng_, kRequestTimeFirst, kRequestTimeLongest);
  log_.info(kTag, "a Heartbeat requests the time within ", (request_time_at_ - now) / 1000, " s");
}

}  // namespace pb
