#pragma once

#include <stdint.h>

namespace pb {

/// The kind of a request, in the low byte of its tag. The other bytes hold the number of an Authorize or
/// BootNotification, or the connector and number of a StatusNotification.
enum class Call : uint32_t { boot = 1, heartbeat, status, authorize, meter_values, data_transfer, surplus_stop };

constexpr uint32_t tag_of(Call call) { return static_cast<uint32_t>(call); }
constexpr uint32_t tag_of_boot(uint32_t number) { return tag_of(Call::boot) | number << 8; }
constexpr uint32_t tag_of_authorize(uint32_t number) { return tag_of(Call::authorize) | number << 8; }
constexpr uint32_t tag_of_status(int connector, uint16_t number) {
  return tag_of(Call::status) | static_cast<uint32_t>(connector) << 8 | static_cast<uint32_t>(number) << 16;
}
constexpr uint32_t number_of(uint32_t tag) { return tag >> 8; }
constexpr Call call_of(uint32_t tag) { return static_cast<Call>(tag & 0xff); }
constexpr int connector_of(uint32_t tag) { return static_cast<int>((tag >> 8) & 0xff); }

}  // namespace pb
