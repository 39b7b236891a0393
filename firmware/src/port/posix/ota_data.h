#pragma once

#include <cstdint>

#include "port/flash.h"

namespace pb::posix {

/// The partition `otadata`, from which the boot loader selects an image (ESP-IDF, "Over The Air Updates": two sectors
/// with an entry each; the highest sequence number is valid).
class OtaData {
 public:
  explicit OtaData(Flash& partition) : partition_(partition) {}

  /// Whether the booted image is new and unconfirmed.
  bool on_trial() const { return state() == kPendingVerify; }
  /// Selects a slot for the next boot, and marks its image as new. After a power cut during this call, either the old
  /// or the new selection is valid. Blocks for an erase. @param slot 0 or 1  @return false when the flash has failed
  bool choose(size_t slot);
  /// Confirms the image; does nothing for an image that is not on trial. Blocks for an erase.
  void confirm();

 private:
  struct Entry {
    uint32_t sequence;
    uint8_t label[20];
    uint32_t state;
    uint32_t crc;  ///< the CRC of the sequence number
  };
  static constexpr uint32_t kNew = 0;            // ESP_OTA_IMG_NEW
  static constexpr uint32_t kPendingVerify = 1;  // ESP_OTA_IMG_PENDING_VERIFY
  static constexpr uint32_t kValid = 2;          // ESP_OTA_IMG_VALID
  static constexpr uint32_t kInvalid = 3;        // ESP_OTA_IMG_INVALID
  static constexpr uint32_t kAborted = 4;        // ESP_OTA_IMG_ABORTED
  static constexpr size_t kEntries = 2;
  static constexpr uint32_t kSlots = 2;

  uint32_t state() const;
  /// @return the number of the entry that the boot loader follows; kEntries if there is none
  size_t newest(Entry& entry) const;
  bool put(size_t place, const Entry& entry);

  Flash& partition_;
};

}  // namespace pb::posix
