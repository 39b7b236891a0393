#include "core/base64.h"

namespace pb {

Text encode_base64(Bytes bytes, Span<char> into) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t length = base64_length(bytes.length);
  if (into.length < length) return {};
  char* out = into.data;
  for (size_t i = 0; i < bytes.length; i += 3) {
    size_t count = bytes.length - i < 3 ? bytes.length - i : 3;
    uint32_t bits = static_cast<uint32_t>(bytes[i]) << 16;
    if (count > 1) bits |= static_cast<uint32_t>(bytes[i + 1]) << 8;
    if (count > 2) bits |= bytes[i + 2];
    *out++ = kAlphabet[bits >> 18];
    *out++ = kAlphabet[(bits >> 12) & 63];
    *out++ = count > 1 ? kAlphabet[(bits >> 6) & 63] : '=';
    *out++ = count > 2 ? kAlphabet[bits & 63] : '=';
  }
  return {into.data, length};
}

}  // namespace pb
