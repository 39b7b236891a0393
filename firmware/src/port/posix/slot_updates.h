#pragma once

#include "port/flash.h"
#include "port/posix/ota_data.h"
#include "port/updates.h"

namespace pb::posix {

/// The application slots of the virtual flash, from which the board's boot loader takes an image.
class SlotUpdates final : public Updates {
 public:
  /// @param first, second the partitions ota_0 and ota_1
  SlotUpdates(Flash& first, Flash& second, Flash& otadata) : slots_{&first, &second}, ota_data_(otadata) {}

  /// Sets the slot whose image runs, 0 or 1. Before this call there is no room for an update.
  void set_running(size_t slot) { running_ = slot; }

  size_t room() const override { return running_ < kSlots ? next().size() : 0; }
  uint16_t chip() const override { return kChip; }
  UpdateResult begin(size_t length) override;
  UpdateResult write(Bytes bytes) override;
  UpdateResult finish() override;
  void abort() override { length_ = 0; }

 private:
  static constexpr size_t kSlots = 2;
  static constexpr uint16_t kChip = 0;  // ESP_CHIP_ID_ESP32, in the images that rig/firmware/image.py makes

  Flash& next() const { return *slots_[1 - running_]; }

  Flash* slots_[kSlots];
  OtaData ota_data_;
  size_t running_ = kSlots;
  size_t length_ = 0;
  size_t written_ = 0;
};

}  // namespace pb::posix
