#include "features/logging/log_mask.h"

#include "core/hexadecimal.h"

namespace pb {

namespace {

/// Takes a character off the front of JSON text. JSON may escape any character as `\u` and four digits (RFC 8259
/// section 7). @return 0 for a character that is not ASCII
char take_character(Text& json) {
  constexpr Text kAscii = "\\u00";
  constexpr size_t kEscaped = 6;
  size_t length = 1;
  char character = json.data[0];
  if (json.length >= kEscaped && starts_with(json, kAscii) && is_hexadecimal({json.data + kAscii.length, 2})) {
    character = static_cast<char>(hex_digit(json.data[4]) << 4 | hex_digit(json.data[5]));
    length = kEscaped;
  }
  json = {json.data + length, json.length - length};
  return character;
}

/// Takes a word off the front of JSON text, in upper or lower case. @return false when other text is there
bool take_json_word(Text& json, Text word) {
  Text rest = json;
  for (size_t i = 0; i < word.length; ++i) {
    if (rest.empty()) return false;
    const char character = take_character(rest);
    if (!equal_ignoring_case({&character, 1}, {word.data + i, 1})) return false;
  }
  json = rest;
  return true;
}

bool has_json_word(Text json, Text word) {
  for (; !json.empty(); json = {json.data + 1, json.length - 1}) {
    Text rest = json;
    if (take_json_word(rest, word)) return true;
  }
  return false;
}

/// Overwrites the value of a member of a JSON object. `text` begins behind the name, and may end within the value.
void mask_value(Span<char> text) {
  bool is_in_string = false;
  size_t depth = 0;
  for (size_t i = 0; i < text.length; ++i) {
    const char character = text[i];
    const bool is_opening = character == '[' || character == '{';
    const bool is_closing = character == ']' || character == '}';
    if (is_in_string) {
      is_in_string = character != '"';
      if (character == '\\' && i + 1 < text.length) text[i++] = '*';
      if (is_in_string) text[i] = '*';
    } else if (depth == 0 && (is_closing || character == ',')) {
      return;
    } else if (character == '"') {
      is_in_string = true;
    } else if (is_opening) {
      ++depth;
    } else if (is_closing) {
      --depth;
    } else if (find(" :,", character) == 3) {
      text[i] = '*';
    }
  }
}

}  // namespace

void mask_secret(Span<char> line, Text secret) {
  if (secret.empty()) return;
  for (size_t i = 0; i + secret.length <= line.length; ++i) {
    if (Text(line.data + i, secret.length) == secret) memset(line.data + i, '*', secret.length);
  }
}

void mask_authorization_key(Span<char> line) {
  const Text text(line.data, line.length);
  if (!has_json_word(text, "AuthorizationKey") && !has_json_word(text, "ChangeConfiguration")) return;
  for (size_t i = 0; i < line.length; ++i) {
    Text rest(line.data + i, line.length - i);
    if (rest.data[0] != '"' || !take_json_word(rest, "\"value\"")) continue;
    mask_value({line.data + line.length - rest.length, rest.length});
  }
}

}  // namespace pb
