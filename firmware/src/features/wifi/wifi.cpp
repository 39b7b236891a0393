#include "features/wifi/wifi.h"

namespace pb {

namespace {

Text explain(uint16_t reason) {
  switch (reason) {
    case Network::kReasonNone:
      return "left";
    case 2:
      return "authentication expired";
    case 4:
      return "idle too long";
    case 15:
      return "handshake timed out, is the key right?";
    case Network::kReasonBeaconTimeout:
      return "the access point is no longer heard";
    case Network::kReasonNoAccessPoint:
      return "no such access point";
    default:
      return "see wifi_err_reason_t";
  }
}

}  // namespace

Millis Wifi::poll(Millis now) {
  look(now);
  if (seen_ == NetworkState::up) return kNever;
  if (seen_ != NetworkState::down) {
    if (now < attempt_limit_) return attempt_limit_;
    log_.warning(tag(), "the attempt has taken ", kAttemptLimit / 1000, " s, giving it up");
    network_.end();
    look(now);
  }
  // Without a name there is nothing to join; a new setting comes in through the console, which wakes the loop.
  if (!is_ethernet() && settings_.wifi_ssid.empty()) return kNever;
  if (now < next_attempt_) return next_attempt_;
  attempt_limit_ = now + kAttemptLimit;
  if (is_ethernet()) {
    log_.info(tag(), "waiting for a link");
  } else {
    log_.info(tag(), "joining '", settings_.wifi_ssid.text(), "'");
  }
  network_.begin(settings_.wifi_ssid.text(), settings_.wifi_psk.text());
  seen_ = NetworkState::associating;
  look(now);
  if (seen_ == NetworkState::up) return kNever;
  return seen_ == NetworkState::down ? next_attempt_ : attempt_limit_;
}

Text Wifi::explanation() const {
  return is_ethernet() ? "no cable, or no address" : explain(network_.disconnect_reason());
}

void Wifi::look(Millis now) {
  const NetworkState state = network_.state();
  const uint32_t losses = network_.losses();
  // A link that fell and rose between two looks was lost all the same.
  const bool lost = losses != seen_losses_;
  if (lost) {
    seen_losses_ = losses;
    log_.warning(tag(), "link lost, reason ", network_.disconnect_reason(), ": ", explanation());
  }
  if (state == seen_ && !lost) return;
  if (state == NetworkState::up) {
    backoff_.reset();
    if (is_ethernet()) {
      log_.info(tag(), "up");
    } else {
      log_.info(tag(), "up, signal ", network_.rssi(), " dBm");
    }
  } else if (state == NetworkState::down) {
    if (!lost) {
      log_.info(tag(), "not joined, reason ", network_.disconnect_reason(), ": ", explanation());
    }
    next_attempt_ = now + backoff_.next(rng_, settings_.backoff_initial_ms, settings_.backoff_max_ms);
    log_.debug(tag(), "next attempt in ", next_attempt_ - now, " ms");
  }
  seen_ = state;
}

}  // namespace pb
