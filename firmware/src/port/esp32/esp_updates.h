#pragma once

#include <esp_ota_ops.h>

#include "port/updates.h"

namespace pb::esp32 {

/// ESP-IDF: API reference, System, "Over The Air Updates (OTA)". An image that is under way takes a small block of
/// ESP-IDF's heap.
class EspUpdates final : public Updates {
 public:
  EspUpdates() : next_(esp_ota_get_next_update_partition(nullptr)) {}

  size_t room() const override { return next_ == nullptr ? 0 : next_->size; }
  uint16_t chip() const override;
  UpdateResult begin(size_t length) override;
  UpdateResult write(Bytes bytes) override;
  UpdateResult finish() override;
  void abort() override;

 private:
  const esp_partition_t* next_;  ///< the slot that is not running; nullptr: the table lacks a second slot
  esp_ota_handle_t handle_ = 0;
  bool is_open_ = false;
};

}  // namespace pb::esp32
