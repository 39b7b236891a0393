#pragma once

#include "core/text.h"
#include "core/text_writer.h"

namespace pb {

/// The tables of a protocol's messages, as firmware/tools/schema_tables.py makes them (firmware/FORMAT.md). Reading
/// never goes beyond the bytes, even if they are damaged: a byte after their end counts as 0.
class SchemaTables {
 public:
  enum class Kind : uint8_t { any, object, array, string, enumeration, integer, integer_4, number, boolean };

  static constexpr uint16_t kAny = 0;  // the node that accepts every value
  static constexpr uint16_t kNoLimit = 0xffff;
  static constexpr uint8_t kClosed = 1;  // flag of an object that allows no other properties
  static constexpr uint8_t kHasMinimum = 1;
  static constexpr uint8_t kHasMaximum = 2;
  static constexpr uint8_t kHasMultiple = 4;
  static constexpr uint8_t kDateTime = 1;  // formats of a string
  static constexpr uint8_t kUri = 2;

  SchemaTables() = default;
  explicit SchemaTables(Bytes bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.length == 0; }
  size_t messages() const { return u16(2); }

  /// Finds the node of an action's payload. @return kAny when there is no such action or message.
  uint16_t find(Text action, bool is_request) const;
  /// Returns whether there is such an action.
  bool has(Text action) const;

  Kind kind(uint16_t node) const { return static_cast<Kind>(u8(node)); }

  // An object.
  bool is_closed(uint16_t node) const { return (u8(node + 1u) & kClosed) != 0; }
  uint8_t properties(uint16_t node) const;
  bool is_required(uint16_t node, uint8_t property) const {
    return (u8(node + 3u + property / 8u) >> (property % 8) & 1) != 0;
  }
  /// The list of names, sorted by their bytes.
  uint16_t names(uint16_t node) const { return static_cast<uint16_t>(node + 3 + (properties(node) + 7) / 8); }
  uint16_t property_node(uint16_t node, uint8_t property) const { return u16(names(node) + 4u * property + 2u); }

  // An array.
  uint16_t min_items(uint16_t node) const { return u16(node + 1u); }
  uint16_t max_items(uint16_t node) const { return u16(node + 3u); }
  uint16_t item_node(uint16_t node) const { return u16(node + 5u); }

  // A string.
  uint8_t format(uint16_t node) const { return u8(node + 1u); }
  uint16_t max_length(uint16_t node) const { return u16(node + 2u); }

  // An enumeration; its values are sorted by their bytes.
  uint8_t values(uint16_t node) const { return u8(node + 1u); }
  uint16_t value_list(uint16_t node) const { return static_cast<uint16_t>(node + 2); }

  // A number.
  uint8_t limits(uint16_t node) const { return u8(node + 1u); }
  int16_t minimum(uint16_t node) const { return static_cast<int16_t>(u16(node + 2u)); }
  int16_t maximum(uint16_t node) const { return static_cast<int16_t>(u16(node + 4u)); }
  int8_t multiple_power(uint16_t node) const { return static_cast<int8_t>(u8(node + 6u)); }

  /// Returns the offset of a text from a list of names (stride 4) or values (stride 2).
  uint16_t text_at(uint16_t list, uint8_t stride, uint8_t index) const { return u16(list + uint32_t{stride} * index); }
  /// Returns the character of a text at `position`, or 0 if the text has ended before.
  char character(uint16_t text, uint8_t position) const;
  bool ends_at(uint16_t text, uint8_t length) const { return length > 0 && (u8(text + length - 1u) & 0x80) != 0; }
  void write_text(TextWriter& writer, uint16_t text) const;

 private:
  /// Returns the row of an action, messages() when there is none.
  size_t row_of(Text action) const;
  /// @return less than 0, 0 or greater than 0 if the text is less than, equal to or greater than `other`.
  int compare(uint16_t text, Text other) const;
  uint8_t u8(size_t offset) const { return offset < bytes_.length ? bytes_.data[offset] : uint8_t{0}; }
  uint16_t u16(size_t offset) const { return static_cast<uint16_t>(u8(offset) | u8(offset + 1) << 8); }

  Bytes bytes_;
};

}  // namespace pb
