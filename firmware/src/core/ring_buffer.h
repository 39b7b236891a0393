#pragma once

#include <stddef.h>

namespace pb {

/// First in, first out, in place. For one thread.
template <class T, size_t Capacity>
class RingBuffer {
 public:
  /// @return false, with nothing changed, when full.
  bool push(const T& item) {
    T* slot = push_in_place();
    if (slot == nullptr) return false;
    *slot = item;
    return true;
  }
  /// Makes room for one more, for the caller to fill: for items too large to be copied around. @return nullptr when
  /// full.
  T* push_in_place() { return count_ == Capacity ? nullptr : &items_[(first_ + count_++) % Capacity]; }
  /// Takes back the last push; the buffer must not be empty.
  void drop_newest() { --count_; }
  /// The oldest item, nullptr when empty.
  T* front() { return count_ == 0 ? nullptr : &items_[first_]; }
  /// Takes the oldest out. @return false when empty.
  bool pop(T& item) {
    if (count_ == 0) return false;
    item = items_[first_];
    drop(1);
    return true;
  }
  /// The oldest `length` items that lie side by side in memory, from `data`; follow with drop().
  const T* front_run(size_t& length) const {
    const size_t to_end = Capacity - first_;
    length = count_ < to_end ? count_ : to_end;
    return items_ + first_;
  }
  /// Forgets the `count` oldest items, or all where there are fewer.
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
