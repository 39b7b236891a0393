#include "features/websocket/csms_url.h"

#include "core/decimal.h"
#include "core/hexadecimal.h"
#include "core/text_writer.h"
#include "core/utf8.h"

namespace pb {
namespace {

constexpr Text kScheme = "ws://";
constexpr Text kSecureScheme = "wss://";

bool has_scheme(Text url, Text scheme) {
  return url.length >= scheme.length && equal_ignoring_case({url.data, scheme.length}, scheme);
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

size_t find_any(Text text, Text characters) {
  size_t i = 0;
  for (; i < text.length; ++i) {
    for (size_t k = 0; k < characters.length; ++k) {
      if (text.data[i] == characters.data[k]) return i;
    }
  }
  return i;
}

/// Takes off and returns the first `length` bytes.
Text take(Text& text, size_t length) {
  const Text taken{text.data, length};
  text = {text.data + length, text.length - length};
  return taken;
}

void append_percent_encoded(TextWriter& writer, Text text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const uint8_t byte : text.bytes()) {
    if (is_unreserved(static_cast<char>(byte))) {
      writer.append(static_cast<char>(byte));
    } else {
      writer.append('%').append(kDigits[byte >> 4]).append(kDigits[byte & 0xf]);
    }
  }
}

/// Checks the characters between the brackets of an IPv6 address; the resolver checks the rest.
bool is_ipv6_text(Text text) {
  size_t colons = 0;
  for (size_t i = 0; i < text.length; ++i) {
    const char c = text.data[i];
    if (c == ':') ++colons;
    if (c != ':' && c != '.' && !is_hexadecimal({&c, 1})) return false;
  }
  return colons >= 2;
}

/// Labels of 1 to 63 characters with dots between them (RFC 1035 section 2.3.4). An IPv4 address has this form too. The
/// underscore is not allowed in a host name, but names in local networks have it.
bool is_host_name(Text text) {
  constexpr size_t kMaxLabel = 63;
  if (text.data[text.length - 1] == '.') --text.length;  // the root of the DNS
  size_t label = 0;
  for (size_t i = 0; i < text.length; ++i) {
    const char c = text.data[i];
    if (c == '.' ? label == 0 : c == '~' || !is_unreserved(c)) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > kMaxLabel) return false;
  }
  return label != 0;
}

/// The parts of a URL, borrowed from it.
struct Parts {
  Text host;
  Text authority;
  Text directory;
  Text query;  // with its '?'
  uint16_t port = CsmsUrl::kPort;
  bool has_port = false;
  bool has_tls = false;
};

/// @return as CsmsUrl::check().
const char* split(Text url, Parts& parts) {
  parts.has_tls = has_scheme(url, kSecureScheme);
  if (!parts.has_tls && !has_scheme(url, kScheme)) return "must begin with ws:// or wss://";
  if (url.length > CsmsUrl::kMaxUrl) return "must have at most 255 bytes";
  // A space or control character would end the request line and let a URL write headers.
  if (!is_graphic_ascii(url)) return "must be printable ASCII without blanks; percent-encode other characters";

  Text rest = url;
  take(rest, parts.has_tls ? kSecureScheme.length : kScheme.length);
  const Text hostport = take(rest, find_any(rest, "/?#"));
  parts.directory = take(rest, find_any(rest, "?#"));
  parts.query = rest;
  if (find_any(rest, "#") != rest.length) return "must have no fragment, the part from '#' on";
  if (find_any(hostport, "@") != hostport.length) {
    return "must have no user and password before '@': set AuthorizationKey and SecurityProfile instead";
  }
  parts.authority = hostport;

  const bool brackets = starts_with(hostport, "[");
  const size_t host_end = find_any(hostport, brackets ? "]" : ":");
  if (brackets && host_end == hostport.length) return "must have a ']' after the '[' of its IPv6 address";
  const size_t skip = brackets ? 1 : 0;
  parts.host = {hostport.data + skip, host_end - skip};
  if (parts.host.empty()) return "must have a host after ://";
  if (brackets && !is_ipv6_text(parts.host)) return "must have an IPv6 address between '[' and ']'";
  if (!brackets) {
    if (const char* error = CsmsUrl::check_host(parts.host); error != nullptr) return error;
  }
  const Text after{hostport.data + host_end + skip, hostport.length - host_end - skip};
  parts.port = parts.has_tls ? CsmsUrl::kSecurePort : CsmsUrl::kPort;
  if (after.empty()) return nullptr;
  uint64_t number = 0;
  if (after.data[0] != ':' || !parse_decimal_unsigned({after.data + 1, after.length - 1}, number) || number == 0 ||
      number > UINT16_MAX) {
    return "must have a port from 1 to 65535, or none";
  }
  parts.port = static_cast<uint16_t>(number);
  parts.has_port = true;
  return nullptr;
}

}  // namespace

const char* CsmsUrl::check(Text url) {
  Parts parts;
  return split(url, parts);
}

const char* CsmsUrl::check_host(Text host) {
  if (!host.empty() && is_host_name(host)) return nullptr;
  return "must have a host of letters, digits, '-' and '_', with single dots between parts of 1 to 63 of them";
}

const char* CsmsUrl::check_identity(Text identity) {
  if (identity.empty() || count_characters(identity) > kMaxIdentity) return "must have 1 to 48 characters";
  if (!is_utf8(identity.bytes())) return "must be UTF-8";
  for (const uint8_t byte : identity.bytes()) {
    if (byte < ' ' || byte == 0x7f) return "must have no control characters";
  }
  return nullptr;
}

bool CsmsUrl::parse(Text url, Text identity) {
  Parts parts;
  if (split(url, parts) != nullptr || check_identity(identity) != nullptr) return false;
  host.assign(parts.host);
  authority.assign(parts.authority);
  port = parts.port;
  has_port = parts.has_port;
  has_tls = parts.has_tls;
  char joined[decltype(path)::capacity()];
  TextWriter writer(joined);
  writer.append(parts.directory);
  if (parts.directory.empty() || parts.directory.data[parts.directory.length - 1] != '/') writer.append('/');
  append_percent_encoded(writer, identity);
  writer.append(parts.query);
  return path.assign(writer.text());
}

}  // namespace pb
