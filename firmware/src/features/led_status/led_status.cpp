#include "features/led_status/led_status.h"

namespace pb {

namespace {

constexpr LedPattern kOff{0, 0, 0};
constexpr LedPattern kOn{0, 1, 0};
constexpr LedPattern kDoubleFlash{1000, 100, 200};

constexpr LedPattern blink(uint16_t period_ms) { return {period_ms, static_cast<uint16_t>(period_ms / 2), 0}; }

bool same(const LedPattern& a, const LedPattern& b) {
  return a.period_ms == b.period_ms && a.on_ms == b.on_ms && a.second_ms == b.second_ms;
}

}  // namespace

bool LedPattern::lit(Millis elapsed) const {
  if (period_ms == 0) return on_ms != 0;
  const Millis phase = elapsed % period_ms;
  return phase < on_ms || (second_ms != 0 && phase >= second_ms && phase < Millis{second_ms} + on_ms);
}

Millis LedPattern::next_change(Millis elapsed) const {
  if (period_ms == 0) return kNever;
  const Millis phase = elapsed % period_ms;
  const Millis start = elapsed - phase;
  if (phase < on_ms) return start + on_ms;
  if (second_ms != 0 && phase < second_ms) return start + second_ms;
  if (second_ms != 0 && phase < Millis{second_ms} + on_ms) return start + second_ms + on_ms;
  return start + period_ms;
}

LedPattern pattern_of(StatusLight light) {
  switch (light) {
    case StatusLight::available:
      return kOn;
    case StatusLight::preparing:
      return blink(500);
    case StatusLight::charging:
      return blink(1000);
    case StatusLight::suspended:
      return {1000, 100, 0};
    case StatusLight::finishing:
      return kDoubleFlash;
    case StatusLight::out_of_order:
      break;
  }
  return kOff;
}

LedPattern pattern_of(NetworkLight light) {
  switch (light) {
    case NetworkLight::no_link:
      return kOff;
    case NetworkLight::link:
      return blink(500);
    case NetworkLight::connected:
      return kDoubleFlash;
    case NetworkLight::unreported:
      return {1000, 900, 0};
    case NetworkLight::accepted:
      break;
  }
  return kOn;
}

LedPattern pattern_of(FaultLight light) {
  switch (light) {
    case FaultLight::none:
      return kOff;
    case FaultLight::emergency_stop:
      return kOn;
    case FaultLight::error:
      break;
  }
  return blink(250);
}

Millis LedStatus::Light::show(LedPattern wanted, Millis now) {
  if (!same(pattern, wanted)) {
    pattern = wanted;
    since = now;
  }
  output.set(pattern.lit(now - since));
  const Millis next = pattern.next_change(now - since);
  return next == kNever ? kNever : since + next;
}

Millis LedStatus::poll(Millis now) {
  const Millis status = lights_[0].show(pattern_of(state_.status), now);
  const Millis network = lights_[1].show(pattern_of(state_.network), now);
  const Millis fault = lights_[2].show(pattern_of(state_.fault), now);
  return earlier(status, earlier(network, fault));
}

}  // namespace pb
