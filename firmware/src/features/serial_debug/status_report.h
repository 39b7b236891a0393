#pragma once

#include "core/json_writer.h"
#include "core/require.h"

namespace pb {

/// Collects the status of features for the console command `status`: each adds its members to one JSON object.
class StatusReport {
 public:
  static constexpr size_t kMaxParts = 12;

  struct Part {
    void (*write)(const void* context, JsonWriter& json) = nullptr;
    const void* context = nullptr;
  };

  /// Adds a part, at start-up; at most kMaxParts.
  void add(Part part) {
    require(count_ < kMaxParts);
    parts_[count_++] = part;
  }
  void write(JsonWriter& json) const {
    json.begin_object();
    for (size_t i = 0; i < count_; ++i) parts_[i].write(parts_[i].context, json);
    json.end_object();
  }

 private:
  Part parts_[kMaxParts];
  size_t count_ = 0;
};

}  // namespace pb
