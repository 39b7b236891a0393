#include "port/esp32/esp_secrets.h"

#include <nvs_flash.h>
#include <string.h>

namespace pb::esp32 {

namespace {

constexpr char kPartition[] = "secrets";
constexpr char kNamespace[] = "plugbench";

/// NVS takes keys that end with a NUL.
struct Key {
  char text[Secrets::kMaxKey + 1] = {};

  explicit Key(Text key) { memcpy(text, key.data, key.length < Secrets::kMaxKey ? key.length : Secrets::kMaxKey); }
};

SecretsResult result_of(esp_err_t error) {
  switch (error) {
    case ESP_OK:
      return SecretsResult::ok;
    case ESP_ERR_NVS_NOT_FOUND:
      return SecretsResult::not_found;
    case ESP_ERR_NVS_INVALID_LENGTH:
    case ESP_ERR_NVS_VALUE_TOO_LONG:
      return SecretsResult::too_large;
    case ESP_ERR_NVS_NOT_ENOUGH_SPACE:
      return SecretsResult::full;
    default:
      return SecretsResult::failed;
  }
}

}  // namespace

EspSecrets::EspSecrets() {
  esp_err_t error = nvs_flash_init_partition(kPartition);
  if (error == ESP_ERR_NVS_NO_FREE_PAGES || error == ESP_ERR_NVS_NEW_VERSION_FOUND) {
    nvs_flash_erase_partition(kPartition);
    error = nvs_flash_init_partition(kPartition);
  }
  is_open_ = error == ESP_OK && nvs_open_from_partition(kPartition, kNamespace, NVS_READWRITE, &handle_) == ESP_OK;
}

SecretsResult EspSecrets::read(Text key, MutableBytes into, size_t& length) {
  length = 0;
  if (!is_open_) return SecretsResult::failed;
  size_t found = into.length;
  const SecretsResult result = result_of(nvs_get_blob(handle_, Key(key).text, into.data, &found));
  if (result == SecretsResult::ok) length = found;
  return result;
}

bool EspSecrets::has(Text key) {
  size_t length = 0;
  return is_open_ && nvs_get_blob(handle_, Key(key).text, nullptr, &length) == ESP_OK;
}

SecretsResult EspSecrets::write(Text key, Bytes value) {
  if (!is_open_) return SecretsResult::failed;
  if (value.length > kMaxBlob) return SecretsResult::too_large;
  const esp_err_t error = nvs_set_blob(handle_, Key(key).text, value.data, value.length);
  return result_of(error == ESP_OK ? nvs_commit(handle_) : error);
}

SecretsResult EspSecrets::remove(Text key) {
  if (!is_open_) return SecretsResult::failed;
  const esp_err_t error = nvs_erase_key(handle_, Key(key).text);
  if (error == ESP_ERR_NVS_NOT_FOUND) return SecretsResult::ok;
  return result_of(error == ESP_OK ? nvs_commit(handle_) : error);
}

}  // namespace pb::esp32
