#include "port/esp32/esp_partition_flash.h"

namespace pb::esp32 {

namespace {

FlashResult result_of(esp_err_t error) { return error == ESP_OK ? FlashResult::ok : FlashResult::failed; }

}  // namespace

FlashResult EspPartitionFlash::read(size_t offset, MutableBytes into) {
  if (!has(offset, into.length)) return FlashResult::out_of_range;
  return result_of(esp_partition_read(partition_, offset, into.data, into.length));
}

FlashResult EspPartitionFlash::program(size_t offset, Bytes bytes) {
  if (!has(offset, bytes.length)) return FlashResult::out_of_range;
  if (offset % kProgramSize != 0 || bytes.length % kProgramSize != 0) return FlashResult::unaligned;
  return result_of(esp_partition_write(partition_, offset, bytes.data, bytes.length));
}

FlashResult EspPartitionFlash::erase(size_t offset) {
  if (!has(offset, kSectorSize)) return FlashResult::out_of_range;
  if (offset % kSectorSize != 0) return FlashResult::unaligned;
  return result_of(esp_partition_erase_range(partition_, offset, kSectorSize));
}

}  // namespace pb::esp32
