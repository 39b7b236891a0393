#pragma once

namespace pb::posix {

/// Calls itself until the stack is full.
__attribute__((noinline, no_sanitize("address", "undefined"))) inline int exhaust_stack(int depth) {
  volatile int frame[64];
  frame[0] = depth;
  return frame[0] == depth ? exhaust_stack(depth + 1) + frame[0] : 0;
}

}  // namespace pb::posix
