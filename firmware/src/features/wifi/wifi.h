#pragma once

#include "features/config/config.h"
#include "features/logging/logger.h"
#include "port/network.h"
#include "port/rng.h"
#include "runtime/backoff.h"
#include "runtime/feature.h"

namespace pb {

/// Joins the network, by Wi-Fi or Ethernet, and comes back to it for ever, with back-off and jitter. Every state has a
/// deadline: an attempt that hangs is given up and tried again.
class Wifi final : public Feature {
 public:
  /// A radio that says nothing for so long is asked again.
  static constexpr Millis kAttemptLimit = 30'000;

  Wifi(Network& network, Rng& rng, const Settings& settings, Logger& log)
      : network_(network), rng_(rng), settings_(settings), log_(log) {}

  /// Whether there is a link with an address, as of the last poll.
  bool up() const { return seen_ == NetworkState::up; }
  /// How often the link was lost since the start.
  uint32_t losses() const { return seen_losses_; }

  const char* name() const override { return "wifi"; }
  Millis poll(Millis now) override;

 private:
  void look(Millis now);
  Text explanation() const;
  bool is_ethernet() const { return network_.kind() == NetworkKind::ethernet; }
  const char* tag() const { return is_ethernet() ? "ethernet" : "wifi"; }

  Network& network_;
  Rng& rng_;
  const Settings& settings_;
  Logger& log_;
  NetworkState seen_ = NetworkState::down;
  uint32_t seen_losses_ = 0;
  Backoff backoff_;
  Millis next_attempt_ = 0;
  Millis attempt_limit_ = kNever;
};

}  // namespace pb
