#include "features/charge_point/call_tag.h"
#include "features/charge_point/charge_point.h"
#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";

}  // namespace

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

}  // namespace pb
