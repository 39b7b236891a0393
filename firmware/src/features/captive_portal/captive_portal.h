#pragma once

#include "features/logging/logger.h"
#include "features/wifi/wifi.h"
#include "port/udp.h"

namespace pb {

/// Answers DNS queries while the setup access point is open, so that a joining phone opens the device's page by itself.
class CaptivePortal final : public Feature {
 public:
  static constexpr uint16_t kPort = 53;
  /// Queries that a poll answers; the others wait for the next one.
  static constexpr size_t kMostPerPoll = 4;

  CaptivePortal(Udp& udp, const Wifi& wifi, Logger& log) : udp_(udp), wifi_(wifi), log_(log) {}

  const char* name() const override { return "captive_portal"; }
  Millis poll(Millis now) override;

 private:
  Udp& udp_;
  const Wifi& wifi_;
  Logger& log_;
  bool is_open_ = false;
  bool has_socket_ = true;  ///< false after the platform has reported that it has none
};

}  // namespace pb
