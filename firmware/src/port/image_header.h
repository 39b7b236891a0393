#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pb {

/// The header of an application image of ESP-IDF (esptool, "Firmware Image Format").
namespace image_header {
constexpr size_t kLength = 24;
constexpr uint8_t kMagic = 0xE9;  ///< the first byte of the header
constexpr size_t kSegmentsPlace = 1;
constexpr size_t kChipPlace = 12;  ///< 16 bits, the least significant byte first
constexpr size_t kHasHashPlace = 23;
}  // namespace image_header

}  // namespace pb
