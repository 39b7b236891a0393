#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pb {

/// A reference to `length` elements in memory of another owner, which must outlive it.
template <class T>
struct Span {
  T* data = nullptr;
  size_t length = 0;

  constexpr Span() = default;
  constexpr Span(T* first, size_t count) : data(first), length(count) {}
  template <size_t N>
  constexpr Span(T (&array)[N]) : data(array), length(N) {}  // NOLINT: arrays convert implicitly
  /// Converts a writable span to a readable one.
  template <class U>
  constexpr Span(const Span<U>& other) : data(other.data), length(other.length) {}  // NOLINT

  constexpr bool empty() const { return length == 0; }
  constexpr T* begin() const { return data; }
  constexpr T* end() const { return data + length; }
  constexpr T& operator[](size_t i) const { return data[i]; }
  /// Returns the first `count` elements, or all where there are fewer.
  constexpr Span first(size_t count) const { return {data, count < length ? count : length}; }
  /// Returns the elements after the first `count`.
  constexpr Span after(size_t count) const {
    return count < length ? Span{data + count, length - count} : Span{data + length, 0};
  }
};

using Bytes = Span<const uint8_t>;
using MutableBytes = Span<uint8_t>;

}  // namespace pb
