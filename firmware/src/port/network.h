#pragma once

#include <stdint.h>

#include "core/text.h"

namespace pb {

enum class NetworkState : uint8_t {
  down,         ///< not joined, no attempt in progress
  associating,  ///< looking for the access point and joining it
  dhcp,         ///< joined, no address yet
  up,           ///< joined, with an address
};

/// The kind of network: Ethernet has no name to join and no key.
enum class NetworkKind : uint8_t { wifi, ethernet };

/// The link below TCP: Wi-Fi on the board, Ethernet as a build option. There is at most one attempt at a time; the
/// caller retries (features/wifi). Each change of state wakes the loop. No call blocks: a driver with a slow start runs
/// it in a task of its own.
class Network {
 public:
  /// Reasons with the numbers of ESP-IDF (`wifi_err_reason_t`); others are passed through.
  static constexpr uint16_t kReasonNone = 0;
  static constexpr uint16_t kReasonBeaconTimeout = 200;
  static constexpr uint16_t kReasonNoAccessPoint = 201;

  virtual NetworkKind kind() const = 0;
  /// Starts one attempt to join and returns at once; ignored during an attempt and while the link is up. Ethernet waits
  /// for the cable (`associating`), then for an address, and ignores both arguments.
  /// @param ssid 1 to 32 bytes  @param psk 0 (open network), 8 to 63 bytes, or 64 hexadecimal digits
  virtual void begin(Text ssid, Text psk) = 0;
  /// Leaves the network; the state becomes down.
  virtual void end() = 0;
  virtual NetworkState state() = 0;
  /// Counts how often the link left `up`, to detect a link loss between two polls.
  virtual uint32_t losses() const = 0;
  /// The reason of the last failed attempt or link loss.
  virtual uint16_t disconnect_reason() const = 0;
  /// Signal strength in dBm while joined, else 0.
  virtual int8_t rssi() const = 0;

 protected:
  ~Network() = default;
};

}  // namespace pb
