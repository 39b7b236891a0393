#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>

namespace pb {

/// Messages from one producer, an interrupt handler perhaps, to one consumer, without a lock.
/// @tparam Capacity a power of two, so that the running counters may wrap around
template <class T, size_t Capacity>
class Mailbox {
  static_assert(Capacity != 0 && (Capacity & (Capacity - 1)) == 0, "Capacity must be a power of two");

 public:
  /// Producer only. @return false when full: the message is counted in lost() and gone.
  bool post(const T& message) {
    const uint32_t written = written_.load(std::memory_order_relaxed);
    if (written - taken_.load(std::memory_order_acquire) == Capacity) {
      lost_.store(lost_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return false;
    }
    messages_[written % Capacity] = message;
    written_.store(written + 1, std::memory_order_release);
    return true;
  }
  /// Consumer only. @return false when empty.
  bool take(T& message) {
    const uint32_t taken = taken_.load(std::memory_order_relaxed);
    if (taken == written_.load(std::memory_order_acquire)) return false;
    message = messages_[taken % Capacity];
    taken_.store(taken + 1, std::memory_order_release);
    return true;
  }
  uint32_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  T messages_[Capacity] = {};
  std::atomic<uint32_t> written_{0};
  std::atomic<uint32_t> taken_{0};
  std::atomic<uint32_t> lost_{0};
};

}  // namespace pb
