#include "port/esp32/esp_updates.h"

#include <esp_err.h>
#include <sdkconfig.h>

namespace pb::esp32 {

namespace {

UpdateResult result_of(esp_err_t error) {
  switch (error) {
    case ESP_OK:
      return UpdateResult::ok;
    case ESP_ERR_OTA_VALIDATE_FAILED:
      return UpdateResult::damaged;
    case ESP_ERR_OTA_ROLLBACK_INVALID_STATE:
      return UpdateResult::unconfirmed;
    case ESP_ERR_INVALID_SIZE:
      return UpdateResult::too_large;
    default:
      return UpdateResult::failed;
  }
}

}  // namespace

uint16_t EspUpdates::chip() const { return CONFIG_IDF_FIRMWARE_CHIP_ID; }

UpdateResult EspUpdates::begin(size_t length) {
  abort();
  if (length > room()) return UpdateResult::too_large;
  // Erases a sector when the image reaches it, so that no call blocks for the erase of the whole slot.
  const esp_err_t error = esp_ota_begin(next_, OTA_WITH_SEQUENTIAL_WRITES, &handle_);
  is_open_ = error == ESP_OK;
  return result_of(error);
}

UpdateResult EspUpdates::write(Bytes bytes) {
  return is_open_ ? result_of(esp_ota_write(handle_, bytes.data, bytes.length)) : UpdateResult::failed;
}

UpdateResult EspUpdates::finish() {
  if (!is_open_) return UpdateResult::failed;
  is_open_ = false;  // esp_ota_end() always frees the handle
  const esp_err_t error = esp_ota_end(handle_);
  return result_of(error == ESP_OK ? esp_ota_set_boot_partition(next_) : error);
}

void EspUpdates::abort() {
  if (is_open_) esp_ota_abort(handle_);
  is_open_ = false;
}

}  // namespace pb::esp32
