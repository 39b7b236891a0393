#pragma once

#include <map>
#include <string>

#include "port/secrets.h"

namespace pb {

/// Secrets in memory. A test that fails writes sets `broken`.
class FakeSecrets final : public Secrets {
 public:
  std::map<std::string, std::string> blobs;
  bool broken = false;

  SecretsResult read(Text key, MutableBytes into, size_t& length) override {
    const auto found = blobs.find(std::string(key.data, key.length));
    if (found == blobs.end()) return SecretsResult::not_found;
    if (found->second.size() > into.length) return SecretsResult::too_large;
    length = found->second.copy(reinterpret_cast<char*>(into.data), into.length);
    return SecretsResult::ok;
  }
  bool has(Text key) override { return blobs.count(std::string(key.data, key.length)) != 0; }
  SecretsResult write(Text key, Bytes value) override {
    if (broken) return SecretsResult::failed;
    blobs[std::string(key.data, key.length)].assign(reinterpret_cast<const char*>(value.data), value.length);
    return SecretsResult::ok;
  }
  SecretsResult remove(Text key) override {
    blobs.erase(std::string(key.data, key.length));
    return SecretsResult::ok;
  }
};

}  // namespace pb
