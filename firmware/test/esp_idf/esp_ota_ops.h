#pragma once

// API reference, System, "Over The Air Updates (OTA)".

#include "esp_partition.h"

enum esp_ota_img_states_t {
  ESP_OTA_IMG_NEW = 0x0,
  ESP_OTA_IMG_PENDING_VERIFY = 0x1,
  ESP_OTA_IMG_VALID = 0x2,
  ESP_OTA_IMG_UNDEFINED = -1,
};

using esp_ota_handle_t = uint32_t;
constexpr size_t OTA_WITH_SEQUENTIAL_WRITES = 0xfffffffe;
constexpr esp_err_t ESP_ERR_OTA_BASE = 0x1500;
constexpr esp_err_t ESP_ERR_OTA_VALIDATE_FAILED = ESP_ERR_OTA_BASE + 0x03;
constexpr esp_err_t ESP_ERR_OTA_ROLLBACK_INVALID_STATE = ESP_ERR_OTA_BASE + 0x06;

const esp_partition_t* esp_ota_get_running_partition();
const esp_partition_t* esp_ota_get_next_update_partition(const esp_partition_t* start_from);
esp_err_t esp_ota_begin(const esp_partition_t* partition, size_t image_size, esp_ota_handle_t* out_handle);
esp_err_t esp_ota_write(esp_ota_handle_t handle, const void* data, size_t size);
esp_err_t esp_ota_end(esp_ota_handle_t handle);
esp_err_t esp_ota_abort(esp_ota_handle_t handle);
esp_err_t esp_ota_set_boot_partition(const esp_partition_t* partition);
esp_err_t esp_ota_get_state_partition(const esp_partition_t* partition, esp_ota_img_states_t* state);
esp_err_t esp_ota_mark_app_valid_cancel_rollback();
