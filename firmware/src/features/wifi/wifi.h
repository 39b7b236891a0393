#pragma once

#include "core/json_writer.h"
#include "features/config/trial_timer.h"
#include "features/logging/logger.h"
#include "features/wifi/stored_networks.h"
#include "port/network.h"
#include "port/rng.h"
#include "runtime/backoff.h"
#include "runtime/feature.h"

namespace pb {

/// Joins a network, by Wi-Fi or Ethernet, and rejoins it after each loss, with backoff and jitter. The network of the
/// settings is tried first, then the stored ones. Every state has a deadline: an attempt that hangs is cancelled and
/// repeated.
class Wifi final : public Feature {
 public:
  /// An attempt without a result is cancelled after that time.
  static constexpr Millis kAttemptLimit = 30'000;
  /// The interval at which the driver's own state of the link is read.
  static constexpr Millis kWatchInterval = 5'000;
  /// The delay before a changed setting is used, so that name and key can be changed together.
  static constexpr Millis kChangeDelay = 2'000;
  /// The time in which a changed network must work; otherwise the previous one returns.
  static constexpr Millis kTrialLimit = 60'000;
  /// The time without a working network after which the setup access point opens.
  static constexpr Millis kSetupAfter = 300'000;

  /// @param chip_id names the setup access point
  Wifi(Network& network, Rng& rng, Config& config, const StoredNetworks& stored, uint64_t chip_id, Logger& log);

  /// Whether there is a link with an address, as of the last poll.
  bool up() const { return seen_ == NetworkState::up; }
  /// How often the link was lost since the start.
  uint32_t losses() const { return seen_losses_; }
  /// The reason of the last loss; 0 before the first.
  uint16_t loss_reason() const { return loss_reason_; }
  bool is_setup_open() const { return is_setup_open_; }
  const Network& network() const { return network_; }
  /// Writes the member `network` of the console command `status` (docs/console-protocol.md).
  void write_status(JsonWriter& json) const;

  const char* name() const override { return "wifi"; }
  Millis poll(Millis now) override;

 private:
  void look(Millis now);
  Millis poll_change(Millis now);
  Millis poll_link(Millis now);
  Millis poll_setup(Millis now);
  void watch(Millis now);
  void begin(Millis now);
  size_t candidates() const;
  WifiNetwork candidate(size_t index) const;
  uint32_t fingerprint() const;
  Text explanation() const;
  bool is_ethernet() const { return network_.kind() == NetworkKind::ethernet; }
  const char* tag() const { return is_ethernet() ? "ethernet" : "wifi"; }

  Network& network_;
  Rng& rng_;
  Config& config_;
  const Settings& settings_;
  const StoredNetworks& stored_;
  Logger& log_;
  NetworkState seen_ = NetworkState::down;
  uint32_t seen_losses_ = 0;
  uint16_t loss_reason_ = Network::kReasonNone;
  Backoff backoff_;
  Millis next_attempt_ = 0;
  Millis attempt_limit_ = kNever;
  Millis next_watch_ = 0;
  size_t candidate_ = 0;                        ///< the network that is tried now or next
  FixedText<StoredNetworks::kMaxSsid> joined_;  ///< the name of the present or last attempt

  // The network from the settings.
  bool is_first_poll_ = true;
  uint32_t used_ = 0;        ///< fingerprint of the name and key that attempts use
  uint32_t changed_to_ = 0;  ///< fingerprint of the name and key that are used from change_at_ on
  Millis change_at_ = kNever;
  TrialTimer trial_;

  FixedText<StoredNetworks::kMaxSsid> setup_ssid_;
  bool is_setup_open_ = false;
  Millis down_since_ = 0;
};

}  // namespace pb
