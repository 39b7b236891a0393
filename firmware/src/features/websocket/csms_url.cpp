#include "features/websocket/csms_url.h"

#include "core/decimal.h"
#include "core/text_writer.h"

namespace pb {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

const char* CsmsUrl::parse(Text url, Text identity) {
  constexpr Text kScheme = "ws://";
  if (starts_with(url, "wss://")) return "csms_url: wss needs TLS, which this build does not have; use ws://";
  if (!starts_with(url, kScheme)) return "csms_url must begin with ws://";
  if (url.length > kMaxUrl) return "csms_url is longer than 255 bytes";
  // A space or control character would end the request line and let a URL write headers.
  if (!is_graphic_ascii(url)) return "csms_url has a space, a control character or one that is not ASCII";
  if (identity.empty() || identity.length > kMaxIdentity) return "identity must have 1 to 48 bytes";

  Text rest{url.data + kScheme.length, url.length - kScheme.length};
  size_t end = 0;
  while (end < rest.length && rest.data[end] != '/' && rest.data[end] != '?' && rest.data[end] != '#') ++end;
  Text hostport{rest.data, end};
  Text directory{rest.data + end, rest.length - end};
  for (size_t i = 0; i < directory.length; ++i) {
    if (directory.data[i] == '?' || directory.data[i] == '#') return "csms_url must not have a query or fragment";
  }
  authority.assign(hostport);

  size_t host_end = 0;
  bool brackets = starts_with(hostport, "[");
  while (host_end < hostport.length && hostport.data[host_end] != (brackets ? ']' : ':')) ++host_end;
  if (brackets && host_end == hostport.length) return "csms_url has a '[' without ']'";
  size_t skip = brackets ? 1 : 0;
  host.assign({hostport.data + skip, host_end - skip});
  if (host.empty()) return "csms_url has no host";
  Text after{hostport.data + host_end + skip, hostport.length - host_end - skip};
  port = 80;
  if (!after.empty()) {
    uint64_t number = 0;
    if (after.data[0] != ':' || !parse_decimal_unsigned({after.data + 1, after.length - 1}, number) || number == 0 ||
        number > UINT16_MAX) {
      return "csms_url: the port must be a number from 1 to 65535";
    }
    port = static_cast<uint16_t>(number);
  }

  char joined[decltype(path)::capacity()];
  TextWriter writer(joined);
  writer.append(directory);
  if (directory.empty() || directory.data[directory.length - 1] != '/') writer.append('/');
  for (size_t i = 0; i < identity.length; ++i) {
    char c = identity.data[i];
    if (is_unreserved(c)) {
      writer.append(c);
    } else {
      char hex[2];
      TextWriter digits(hex);
      digits.append(Hex{static_cast<uint8_t>(c), 2});
      for (char& digit : hex) digit = digit >= 'a' ? static_cast<char>(digit - 'a' + 'A') : digit;
      writer.append('%').append(digits.text());
    }
  }
  path.assign(writer.text());
  return nullptr;
}

}  // namespace pb
