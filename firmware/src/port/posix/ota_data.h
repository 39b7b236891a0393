#pragma once

#include <cstdint>

#include "port/flash.h"

namespace pb::posix {

/// The partition `otadata`, by which the boot loader picks an image (ESP-IDF, "Over The Air Updates": two sectors with
/// an entry each, of which the one with the highest sequence number counts).
class OtaData {
 public:
  explicit OtaData(Flash& partition) : partition_(partition) {}

  /// Whether the image that was booted is new and not confirmed.
  bool on_trial() const { return state() == kPendingVerify; }
  /// Marks the image as good; does nothing for one that is not on trial. Blocks for an erase.
  void confirm();

 private:
  struct Entry {
    uint32_t sequence;
    uint8_t label[20];
    uint32_t state;
    uint32_t crc;  ///< of the sequence number
  };
  static constexpr uint32_t kPendingVerify = 1;  // ESP_OTA_IMG_PENDING_VERIFY
  static constexpr uint32_t kValid = 2;          // ESP_OTA_IMG_VALID
  static constexpr size_t kEntries = 2;

  uint32_t state() const;
  /// @return the number of the entry that counts, kEntries for none
  size_t newest(Entry& entry) const;

  Flash& partition_;
};

}  // namespace pb::posix
