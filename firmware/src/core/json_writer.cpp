#include "core/json_writer.h"

#include "core/decimal.h"
#include "core/utf8.h"

namespace pb {
namespace {

/// Returns the length of the valid UTF-8 character at the start of `bytes`, or 0.
size_t character_length(Bytes bytes) {
  Utf8Validator validator;
  for (size_t i = 0; i < bytes.length && i < 4; ++i) {
    if (!validator.feed(bytes[i])) return 0;
    if (validator.complete()) return i + 1;
  }
  return 0;
}

}  // namespace

void JsonWriter::put(Text text) {
  if (!ok_ || text.length > buffer_.length - length_) {
    ok_ = false;
    return;
  }
  memmove(buffer_.data + length_, text.data, text.length);
  length_ += text.length;
}

void JsonWriter::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  uint32_t bit = 1u << (depth_ - 1);
  if ((has_items_ & bit) != 0) put(",");
  has_items_ |= bit;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  if (depth_ == kMaxJsonDepth) {
    ok_ = false;
    return *this;
  }
  put({&bracket, 1});
  has_items_ &= ~(1u << depth_);
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  if (depth_ == 0) {
    ok_ = false;
    return *this;
  }
  --depth_;
  put({&bracket, 1});
  return *this;
}

JsonWriter& JsonWriter::key(Text name) {
  separate();
  quoted(name);
  put(":");
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(Text value) {
  separate();
  quoted(value);
  return *this;
}

void JsonWriter::quoted(Text value) {
  static constexpr char kHex[] = "0123456789abcdef";
  put("\"");
  for (size_t i = 0; i < value.length;) {
    char c = value.data[i];
    uint8_t byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      char escape[] = {'\\', c};
      put({escape, 2});
      ++i;
    } else if (c == '\n') {
      put("\\n");
      ++i;
    } else if (c == '\r') {
      put("\\r");
      ++i;
    } else if (c == '\t') {
      put("\\t");
      ++i;
    } else if (byte < 0x20) {
      char escape[] = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
      put({escape, 6});
      ++i;
    } else if (size_t length = character_length(value.bytes().after(i))) {
      put({value.data + i, length});
      i += length;
    } else {
      put("\\ufffd");
      ++i;
    }
  }
  put("\"");
}

JsonWriter& JsonWriter::number(int64_t value) {
  char digits[kDecimalLength];
  return raw(format_decimal(value, digits));
}

JsonWriter& JsonWriter::number_unsigned(uint64_t value) {
  char digits[kDecimalLength];
  return raw(format_decimal_unsigned(value, digits));
}

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(Text json) {
  separate();
  put(json);
  return *this;
}

}  // namespace pb
