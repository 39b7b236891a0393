#pragma once

#include "port/esp32/esp_partition_flash.h"
#include "port/mapped_flash.h"

namespace pb::esp32 {

/// A data partition that is mapped into memory. ESP-IDF: API reference, Storage, "Partitions API". ESP-IDF updates the
/// cache of mapped pages at each write and erase.
class EspMappedFlash final : public MappedFlash {
 public:
  /// @param label of a data partition in partitions.csv; if the chip's table does not have it, every call fails
  explicit EspMappedFlash(const char* label);

  size_t size() const override { return mapped_.length; }
  Bytes mapped() const override { return mapped_; }
  FlashResult read(size_t offset, MutableBytes into) override { return flash_.read(offset, into); }
  FlashResult program(size_t offset, Bytes bytes) override { return flash_.program(offset, bytes); }
  FlashResult erase(size_t offset) override { return flash_.erase(offset); }

 private:
  EspPartitionFlash flash_;
  Bytes mapped_;
};

}  // namespace pb::esp32
