#pragma once

#include "core/json_stream.h"
#include "features/schema/date_time_format.h"
#include "features/schema/decimal_number.h"
#include "features/schema/tables.h"
#include "features/schema/uri_format.h"

namespace pb {

/// The keyword of a JSON schema that a payload violates, or a reason that no schema describes.
enum class SchemaKeyword : uint8_t {
  none,
  json,       // the text is not JSON, or has more than kMaxSchemaDepth levels
  duplicate,  // a property occurs twice, which no schema can forbid
  type,
  required,
  additional_properties,
  max_length,
  enumeration,
  format,
  min_items,
  max_items,
  minimum,
  maximum,
  multiple_of,
};

/// The keyword as it is written in a schema.
const char* name_of(SchemaKeyword keyword);

/// Levels of containers in a payload; the deepest of OCPP 2.1 has 13.
constexpr unsigned kMaxSchemaDepth = 16;

/// Whether the formats of strings are judged.
enum class Formats : uint8_t { checked, ignored };

/// Validates a payload by its schema while its bytes arrive: nothing is stored, and the text may be split anywhere. It
/// stops at the first violation in the order of the text.
class SchemaValidator final : private JsonEvents {
 public:
  /// @param node of the payload, see SchemaTables::find  @param tables outlive the validator
  SchemaValidator(SchemaTables tables, uint16_t node, Formats formats = Formats::checked)
      : tables_(tables), next_(node), formats_(formats), stream_(kMaxSchemaDepth) {}

  /// @return false as soon as the payload is invalid.
  bool feed(char byte) { return stream_.feed(byte, *this) || note_invalid(); }
  bool feed(Text text);
  /// The payload is complete. @return whether it is valid.
  bool finish() { return (violation_ == SchemaKeyword::none && stream_.finish(*this)) || note_invalid(); }

  /// The first violation; `none` while there is none.
  SchemaKeyword violation() const { return violation_; }
  /// The byte of the text at which the violation was found.
  size_t offset() const { return stream_.offset(); }
  /// Writes the place as a JSON pointer (RFC 6901), empty for the payload itself.
  void write_pointer(TextWriter& writer) const;
  /// Writes pointer, keyword and offset, with the missing property or the reason: `/idTag maxLength at byte 31`.
  void describe(TextWriter& writer) const;

 private:
  /// A container around the present value.
  struct Level {
    uint16_t node = SchemaTables::kAny;
    uint16_t index = 0;     // the index of the present property or item
    uint32_t seen[2] = {};  // a bit for each property that has occurred
  };
  /// Index of a property that is in no schema.
  static constexpr uint16_t kUnknown = 0xffff;

  bool on_begin(JsonKind kind) override;
  bool on_end() override;
  bool on_name_begin() override;
  bool on_name_end() override;
  bool on_character(uint32_t code_point) override;

  bool accepts(JsonKind kind) const;
  bool begin_container(JsonKind kind);
  bool end_container();
  bool end_object(const Level& level);
  bool end_string();
  bool end_number();
  bool string_character(uint32_t code_point);
  void start_match(uint16_t list, uint8_t stride, uint8_t count);
  void match(uint32_t code_point);
  bool is_matched() const { return low_ < high_ && tables_.ends_at(tables_.text_at(list_, stride_, low_), matched_); }
  /// The violation is in the innermost container, or outside of all.
  bool fail(SchemaKeyword keyword);
  /// The violation is in the present value.
  bool fail_value(SchemaKeyword keyword);
  bool note_invalid();

  SchemaTables tables_;
  Level levels_[kMaxSchemaDepth];
  uint8_t depth_ = 0;
  uint8_t pointer_depth_ = 0;           // the number of levels in the pointer
  uint16_t node_ = SchemaTables::kAny;  // the node of the present value
  uint16_t next_;                       // the node of the value that follows
  JsonKind kind_ = JsonKind::none;
  bool in_name_ = false;
  Formats formats_;
  SchemaKeyword violation_ = SchemaKeyword::none;
  uint16_t missing_ = 0;  // the text of a missing property

  // The names or values that begin with the characters so far: a range of a sorted list.
  uint16_t list_ = 0;
  uint8_t stride_ = 0;
  uint8_t low_ = 0;
  uint8_t high_ = 0;
  uint8_t matched_ = 0;

  uint32_t length_ = 0;  // characters of a string
  DecimalNumber number_;
  DateTimeFormat date_time_;
  UriFormat uri_;
  JsonStream stream_;
};

static_assert(sizeof(SchemaValidator) < 512, "the state of a validator fits on every stack");

}  // namespace pb
