#pragma once

#include <esp_partition.h>

#include "port/flash.h"

namespace pb::esp32 {

/// A data partition. ESP-IDF: API reference, Storage, "Partitions API".
class EspPartitionFlash final : public Flash {
 public:
  /// @param label of a data partition in partitions.csv; if the chip's table does not have it, every call fails
  explicit EspPartitionFlash(const char* label)
      : partition_(esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, label)) {}

  /// nullptr if the table does not have the partition.
  const esp_partition_t* partition() const { return partition_; }

  size_t size() const override { return partition_ == nullptr ? 0 : partition_->size; }
  FlashResult read(size_t offset, MutableBytes into) override;
  FlashResult program(size_t offset, Bytes bytes) override;
  FlashResult erase(size_t offset) override;

 private:
  bool has(size_t offset, size_t length) const { return offset <= size() && length <= size() - offset; }

  const esp_partition_t* partition_;
};

}  // namespace pb::esp32
