#include "port/esp32/esp_mapped_flash.h"

namespace pb::esp32 {

EspMappedFlash::EspMappedFlash(const char* label) : flash_(label) {
  const esp_partition_t* partition = flash_.partition();
  if (partition == nullptr) return;
  const void* first = nullptr;
  esp_partition_mmap_handle_t handle = 0;
  // The partition stays mapped until the restart, so the handle is not kept.
  if (esp_partition_mmap(partition, 0, partition->size, ESP_PARTITION_MMAP_DATA, &first, &handle) != ESP_OK) return;
  mapped_ = {static_cast<const uint8_t*>(first), partition->size};
}

}  // namespace pb::esp32
