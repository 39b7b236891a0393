#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/span.h"
#include "core/text.h"

/// The entry point of a harness. libFuzzer calls it with generated inputs, replay.cpp with those of the corpus.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace pb::fuzz {

/// Aborts if the rule does not hold, so that libFuzzer reports the input.
inline void require(bool holds, const char* rule) {
  if (holds) return;
  fprintf(stderr, "violated: %s\n", rule);
  abort();
}

/// The bytes of one input, taken from its front. An input that is too short yields zeros.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(data, size) {}

  bool empty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const uint8_t value = rest_[0];
    rest_ = rest_.after(1);
    return value;
  }
  Bytes take(size_t count) {
    const Bytes taken = rest_.first(count);
    rest_ = rest_.after(count);
    return taken;
  }
  Bytes rest() const { return rest_; }
  Text text() const { return {reinterpret_cast<const char*>(rest_.data), rest_.length}; }

 private:
  Bytes rest_;
};

}  // namespace pb::fuzz
