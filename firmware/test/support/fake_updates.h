#pragma once

#include <string>

#include "port/updates.h"

namespace pb {

/// A slot in memory, whose checks the test decides.
class FakeUpdates final : public Updates {
 public:
  size_t slot_size = 100'000;
  std::string image;                       ///< of the attempt
  UpdateResult begins = UpdateResult::ok;  ///< results of the calls
  UpdateResult writes = UpdateResult::ok;
  UpdateResult verdict = UpdateResult::ok;
  int aborts = 0;
  bool is_chosen = false;

  /// @return an image for this chip with that length, as far as its header says
  static std::string make(size_t length) {
    std::string made(length, 'i');
    made[0] = static_cast<char>(0xe9);
    made[12] = made[13] = '\0';
    return made;
  }

  size_t room() const override { return slot_size; }
  uint16_t chip() const override { return 0; }
  UpdateResult begin(size_t) override {
    image.clear();
    return begins;
  }
  UpdateResult write(Bytes bytes) override {
    image.append(reinterpret_cast<const char*>(bytes.data), bytes.length);
    return writes;
  }
  UpdateResult finish() override {
    is_chosen = verdict == UpdateResult::ok;
    return verdict;
  }
  void abort() override { ++aborts; }
};

}  // namespace pb
