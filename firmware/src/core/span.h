#pragma once

#include <stddef.h>
#include <stdint.h>

namespace pb {

/// A borrowed run of `length` elements. It owns nothing: what it points at must outlive it.
template <class T>
struct Span {
  T* data = nullptr;
  size_t length = 0;

  constexpr Span() = default;
  constexpr Span(T* first, size_t count) : data(first), length(count) {}
  template <size_t N>
  constexpr Span(T (&array)[N]) : data(array), length(N) {}  // NOLINT: an array is a span
  /// A writable span is also a readable one.
  template <class U>
  constexpr Span(const Span<U>& other) : data(other.data), length(other.length) {}  // NOLINT

  constexpr bool empty() const { return length == 0; }
  constexpr T* begin() const { return data; }
  constexpr T* end() const { return data + length; }
  constexpr T& operator[](size_t i) const { return data[i]; }
  /// The first `count` elements, or all of them where there are fewer.
  constexpr Span first(size_t count) const { return {data, count < length ? count : length}; }
  /// What is left after the first `count` elements.
  constexpr Span after(size_t count) const {
    return count < length ? Span{data + count, length - count} : Span{data + length, 0};
  }
};

using Bytes = Span<const uint8_t>;
using MutableBytes = Span<uint8_t>;

}  // namespace pb
