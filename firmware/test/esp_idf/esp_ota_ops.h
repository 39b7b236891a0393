#pragma once

// API reference, System, "Over The Air Updates (OTA)".

#include "esp_partition.h"

enum esp_ota_img_states_t {
  ESP_OTA_IMG_NEW = 0x0,
  ESP_OTA_IMG_PENDING_VERIFY = 0x1,
  ESP_OTA_IMG_VALID = 0x2,
  ESP_OTA_IMG_UNDEFINED = -1,
};

const esp_partition_t* esp_ota_get_running_partition();
esp_err_t esp_ota_get_state_partition(const esp_partition_t* partition, esp_ota_img_states_t* state);
esp_err_t esp_ota_mark_app_valid_cancel_rollback();
