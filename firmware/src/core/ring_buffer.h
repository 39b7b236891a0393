#pragma once

#include <stddef.h>

namespace pb {

/// A FIFO queue of fixed capacity, for one thread.
template <class T, size_t Capacity>
class RingBuffer {
 public:
  /// @return false, with the buffer unchanged, when full.
  bool push(const T& item) {
    T* slot = push_in_place();
    if (slot == nullptr) return false;
    *slot = item;
    return true;
  }
  /// Adds an item that the caller fills in place, so that no copy is needed. @return nullptr when full.
  T* push_in_place() { return count_ == Capacity ? nullptr : &items_[(first_ + count_++) % Capacity]; }
  /// Removes the last pushed item; the buffer must not be empty.
  void drop_newest() { --count_; }
  /// Returns the oldest item, nullptr when empty.
  T* front() { return count_ == 0 ? nullptr : &items_[first_]; }
  /// Removes the oldest item. @return false when empty.
  bool pop(T& item) {
    if (count_ == 0) return false;
    item = items_[first_];
    drop(1);
    return true;
  }
  /// Returns the oldest items, up to the place where the memory wraps around, and sets `length` to their number. Remove
  /// them with drop().
  const T* front_run(size_t& length) const {
    const size_t to_end = Capacity - first_;
    length = count_ < to_end ? count_ : to_end;
    return items_ + first_;
  }
  /// Removes the `count` oldest items, or all where there are fewer.
  void drop(size_t count) {
    if (count > count_) count = count_;
    first_ = (first_ + count) % Capacity;
    count_ -= count;
  }

  size_t size() const { return count_; }
  size_t free() const { return Capacity - count_; }
  bool empty() const { return count_ == 0; }

 private:
  T items_[Capacity] = {};
  size_t first_ = 0;
  size_t count_ = 0;
};

}  // namespace pb
