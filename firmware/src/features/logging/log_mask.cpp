#include "features/logging/log_mask.h"

namespace pb {

namespace {

/// @return the place of `part` in `line` at or after `from`; the length of `line` when there is none
size_t find(Text line, Text part, size_t from) {
  for (size_t i = from; i + part.length <= line.length; ++i) {
    if (equal_ignoring_case({line.data + i, part.length}, part)) return i;
  }
  return line.length;
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
  // JSON may escape characters of the name AuthorizationKey, so mask every value of a ChangeConfiguration, whatever its
  // key.
  if (find(text, "AuthorizationKey", 0) == text.length && find(text, "ChangeConfiguration", 0) == text.length) return;
  constexpr Text kMember = "\"value\"";
  for (size_t i = find(text, kMember, 0); i < line.length; i = find(text, kMember, i)) {
    i += kMember.length;
    while (i < line.length && (line[i] == ' ' || line[i] == ':')) ++i;
    if (i == line.length || line[i] != '"') continue;
    for (++i; i < line.length && line[i] != '"'; ++i) {
      if (line[i] == '\\' && i + 1 < line.length) line[i++] = '*';
      line[i] = '*';
    }
  }
}

}  // namespace pb
