#pragma once

#include <nvs.h>

#include "port/secrets.h"

namespace pb::esp32 {

/// The partition `secrets` with ESP-IDF's NVS, which replaces a blob as a whole. ESP-IDF's drivers use another
/// partition. ESP-IDF: API reference, Storage, "Non-Volatile Storage Library".
class EspSecrets final : public Secrets {
 public:
  /// Opens the partition. An unreadable partition is erased and initialized. Without the partition every call fails.
  EspSecrets();
  EspSecrets(const EspSecrets&) = delete;
  EspSecrets& operator=(const EspSecrets&) = delete;

  SecretsResult read(Text key, MutableBytes into, size_t& length) override;
  bool has(Text key) override;
  SecretsResult write(Text key, Bytes value) override;
  SecretsResult remove(Text key) override;

 private:
  nvs_handle_t handle_ = 0;
  bool is_open_ = false;
};

}  // namespace pb::esp32
