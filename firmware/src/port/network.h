#pragma once

#include <stdint.h>

#include "core/span.h"
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

/// The joined access point and our address; zeros while not joined, and in fields that the kind of network lacks.
struct LinkInfo {
  int8_t rssi = 0;  ///< dBm
  uint8_t channel = 0;
  uint8_t bssid[6] = {};
  uint8_t address[4] = {};  ///< IPv4, most significant byte first
};

/// An access point that a scan has found.
struct FoundNetwork {
  FixedText<32> ssid;  ///< empty: hidden
  uint8_t bssid[6] = {};
  int8_t rssi = 0;  ///< dBm
  uint8_t channel = 0;
  bool is_open = false;  ///< joined without a key
};

enum class ScanState : uint8_t { none, running, done, failed };

/// The link below TCP: Wi-Fi on the board, Ethernet as a build option. There is at most one attempt at a time; the
/// caller retries (features/wifi). Each change of state wakes the loop. No call blocks: a driver that starts slowly is
/// started in a task of its own.
class Network {
 public:
  /// Reasons, with the numbers of ESP-IDF (`wifi_err_reason_t`). Its other numbers are passed through. Our own numbers
  /// are above 255.
  static constexpr uint16_t kReasonNone = 0;
  static constexpr uint16_t kReasonAuthenticationExpired = 2;
  static constexpr uint16_t kReasonIdle = 4;
  static constexpr uint16_t kReasonLeave = 8;  ///< the station itself has left: the answer to end()
  static constexpr uint16_t kReasonHandshakeTimeout = 15;
  static constexpr uint16_t kReasonBeaconTimeout = 200;
  static constexpr uint16_t kReasonNoAccessPoint = 201;
  static constexpr uint16_t kReasonAddressLost = 256;
  static constexpr uint16_t kReasonNoEvent = 257;  ///< the driver has lost the network without an event
  static constexpr uint16_t kReasonDriver = 258;   ///< the driver has rejected the attempt

  /// The address that ESP-IDF gives to our own access point.
  static constexpr uint8_t kAccessPointAddress[4] = {192, 168, 4, 1};

  virtual NetworkKind kind() const = 0;
  /// Starts one attempt to join and returns at once; ignored during an attempt and while the link is up. Ethernet waits
  /// for the cable (`associating`), then for an address, and ignores both arguments.
  /// @param ssid 1 to 32 bytes  @param psk 0 (open network), 8 to 63 bytes, or 64 hexadecimal digits
  virtual void begin(Text ssid, Text psk) = 0;
  /// Leaves the network; the state becomes down. @param reason the reason to report, if there was anything to leave
  virtual void end(uint16_t reason = kReasonNone) = 0;
  /// The state according to the driver's events.
  virtual NetworkState state() = 0;
  /// The state that the driver returns when queried, which detects a lost event: `down`, `dhcp` (joined) or `up`.
  virtual NetworkState driver_state() = 0;
  /// Counts how often the link left `up`, to detect a link loss between two polls.
  virtual uint32_t losses() const = 0;
  /// The reason of the last failed attempt or link loss.
  virtual uint16_t disconnect_reason() const = 0;
  virtual LinkInfo link() const = 0;

  /// Starts a scan of all channels. The loop is woken when it ends. @return false during an attempt to join or another
  /// scan, and where the kind of network has no scan
  virtual bool start_scan() = 0;
  virtual ScanState scan_state() = 0;
  /// Copies the networks that the last scan has found, the strongest first. @return their number
  virtual size_t take_scan(Span<FoundNetwork> into) = 0;

  /// Opens an access point of our own, beside the station. @param psk 8 to 63 bytes
  /// @return false where the kind of network has none, or the driver rejects it
  virtual bool open_access_point(Text ssid, Text psk) = 0;
  virtual void close_access_point() = 0;

 protected:
  ~Network() = default;
};

}  // namespace pb
