#include "features/websocket/handshake.h"

#include "core/decimal.h"
#include "core/sha1.h"
#include "features/websocket/http_date.h"

namespace pb {
namespace {

constexpr Text kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// True when the comma-separated list has the token (RFC 9110 section 5.6.1).
bool list_has(Text list, Text token) {
  while (true) {
    size_t end = find(list, ',');
    if (equal_ignoring_case(trimmed({list.data, end}), token)) return true;
    if (end == list.length) return false;
    list = {list.data + end + 1, list.length - end - 1};
  }
}

constexpr bool is_interim(uint16_t status) { return status >= 100 && status < 200 && status != 101; }

constexpr Text kUpgrade = "Upgrade";
constexpr Text kConnection = "Connection";
constexpr Text kAccept = "Sec-WebSocket-Accept";
constexpr Text kSubprotocolHeader = "Sec-WebSocket-Protocol";
constexpr Text kExtensions = "Sec-WebSocket-Extensions";

// The headers of a refusal.
constexpr Text kRetryAfter = "Retry-After";
constexpr Text kDate = "Date";
constexpr Text kLocation = "Location";

constexpr Text kOfHandshake[] = {kUpgrade, kConnection, kAccept, kSubprotocolHeader, kExtensions};

bool is_of_handshake(Text name) {
  for (const Text known : kOfHandshake) {
    if (equal_ignoring_case(name, known)) return true;
  }
  return false;
}

bool has_only_digits(Text text) {
  for (size_t i = 0; i < text.length; ++i) {
    if (!is_digit(text.data[i])) return false;
  }
  return !text.empty();
}

/// Takes the text up to the next delimiter off the front of a URL.
Text take_part(Text& url) {
  constexpr Text kDelimiters = "/?#@";
  size_t end = 0;
  while (end < url.length && find(kDelimiters, url.data[end]) == kDelimiters.length) ++end;
  const Text part(url.data, end);
  url = {url.data + end, url.length - end};
  return part;
}

/// Whether a URL may have a user, and with it a password (RFC 3986 section 3.2.1). A malformed URL may have one, too,
/// and a URL that is cut within the authority may have one behind the cut.
bool may_have_user(Text url, bool is_cut) {
  const Text scheme = take_part(url);
  const bool has_scheme = !scheme.empty() && scheme.data[scheme.length - 1] == ':';
  if (starts_with(url, "//") || (has_scheme && starts_with(url, "/"))) {
    while (starts_with(url, "/")) url = {url.data + 1, url.length - 1};
    take_part(url);
  }
  return url.empty() ? is_cut : url.data[0] == '@';
}

}  // namespace

void websocket_accept_key(Text key, char (&accept)[kWsAcceptLength]) {
  uint8_t joined[kWsKeyLength + 36];
  memcpy(joined, key.data, kWsKeyLength);
  memcpy(joined + kWsKeyLength, kGuid.data, kGuid.length);
  uint8_t digest[kSha1Length];
  sha1(joined, digest);
  encode_base64(digest, accept);
}

size_t WsHandshake::begin(const WsRequest& request, Rng& rng, Span<char> into) {
  *this = WsHandshake(line_);
  if (!subprotocol_.assign(request.subprotocol)) return 0;
  uint8_t nonce[16];
  for (size_t i = 0; i < sizeof nonce; i += 4) {
    uint32_t word = rng.next();
    memcpy(nonce + i, &word, 4);
  }
  char key[kWsKeyLength];
  encode_base64(nonce, key);
  websocket_accept_key({key, kWsKeyLength}, accept_);

  size_t length = 0;
  bool fits = true;
  auto put = [&](Text text) {
    if (text.length > into.length - length) {
      fits = false;
      return;
    }
    memcpy(into.data + length, text.data, text.length);
    length += text.length;
  };
  put("GET ");
  put(request.path);
  put(" HTTP/1.1\r\nHost: ");
  put(request.host);
  put("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
  put({key, kWsKeyLength});
  put("\r\nSec-WebSocket-Protocol: ");
  put(request.subprotocol);
  if (!request.authorization.empty()) {
    put("\r\nAuthorization: ");
    put(request.authorization);
  }
  put("\r\n\r\n");
  return fits ? length : 0;
}

WsHandshake::Result WsHandshake::feed(uint8_t byte) {
  const uint8_t previous = previous_;
  previous_ = byte;
  if (byte == '\n') {
    if (previous != '\r') return refuse("line of the HTTP answer does not end with CR LF");
    if (!line_is_cut_) --length_;
    return line_done();
  }
  if (length_ == kMaxLine) {
    line_is_cut_ = true;
  } else {
    line_[length_++] = static_cast<char>(byte);
  }
  return Result::more;
}

WsHandshake::Result WsHandshake::line_done() {
  Text line{line_, length_};
  const bool is_cut = line_is_cut_;
  length_ = 0;
  line_is_cut_ = false;
  if (!in_headers_) return status_line(line);
  if (!line.empty()) {
    if (status_ == 101) return header(line, is_cut);
    if (!is_interim(status_)) note_refusal(line, is_cut);
    return Result::more;
  }
  in_headers_ = false;
  if (is_interim(status_)) return Result::more;
  return status_ == 101 ? verdict() : refuse("server did not switch to WebSocket");
}

WsHandshake::Result WsHandshake::status_line(Text line) {
  // HTTP/1.1 101 Switching Protocols. A proxy may refuse with HTTP/1.0.
  uint64_t status = 0;
  const Text version(line.data, line.length < 9 ? line.length : 9);
  if (line.length < 12 || (version != "HTTP/1.1 " && version != "HTTP/1.0 ") ||
      !parse_decimal_unsigned({line.data + 9, 3}, status) || (line.length > 12 && line.data[12] != ' ') ||
      (version != "HTTP/1.1 " && status == 101)) {
    return refuse("not an HTTP/1.1 answer");
  }
  status_ = static_cast<uint16_t>(status);
  in_headers_ = true;
  return Result::more;
}

/// Keeps the headers of a refusal that concern the next attempt. Skips all other headers, and malformed ones.
void WsHandshake::note_refusal(Text line, bool is_cut) {
  const size_t colon = find(line, ':');
  if (colon == line.length) return;
  const Text name{line.data, colon};
  const Text value = trimmed({line.data + colon + 1, line.length - colon - 1});
  if (equal_ignoring_case(name, kRetryAfter)) {
    uint64_t seconds = 0;
    if (parse_decimal_unsigned(value, seconds)) {
      retry_after_s_ = seconds < UINT32_MAX ? static_cast<uint32_t>(seconds) : UINT32_MAX;
    } else if (has_only_digits(value)) {
      retry_after_s_ = UINT32_MAX;  // more than 64 bits
    } else {
      parse_http_date(value, retry_at_s_);
    }
  } else if (equal_ignoring_case(name, kDate)) {
    parse_http_date(value, date_s_);
  } else if (equal_ignoring_case(name, kLocation)) {
    location_length_ = value.length < kMaxLocation ? value.length : kMaxLocation;
    memcpy(line_ + kMaxLine, value.data, location_length_);
    location_may_have_user_ = may_have_user(location(), is_cut || location_length_ < value.length);
  }
}

uint32_t WsHandshake::retry_after_s() const {
  // Subtract the server's own time from the date, because the device's time may be wrong.
  if (retry_at_s_ == 0 || date_s_ == 0 || retry_at_s_ <= date_s_) return retry_after_s_;
  const int64_t seconds = retry_at_s_ - date_s_;
  return seconds < UINT32_MAX ? static_cast<uint32_t>(seconds) : UINT32_MAX;
}

WsHandshake::Result WsHandshake::header(Text line, bool is_cut) {
  // A line that begins with a blank continues the header before it (RFC 9112 section 5.2).
  if (line.data[0] == ' ' || line.data[0] == '\t') {
    return may_fold_ ? Result::more : refuse("folded header of WebSocket in the HTTP answer");
  }
  size_t colon = find(line, ':');
  if (colon == 0 || (colon == line.length && !is_cut)) return refuse("malformed header in the HTTP answer");
  Text name{line.data, colon};
  may_fold_ = !is_of_handshake(name);
  if (may_fold_) return Result::more;
  if (is_cut) return refuse("header of WebSocket in the HTTP answer is too long");
  Text value = trimmed({line.data + colon + 1, line.length - colon - 1});
  if (equal_ignoring_case(name, kUpgrade)) {
    upgrade_ = upgrade_ || equal_ignoring_case(value, "websocket");
  } else if (equal_ignoring_case(name, kConnection)) {
    connection_ = connection_ || list_has(value, "Upgrade");
  } else if (equal_ignoring_case(name, kAccept)) {
    if (value != Text{accept_, kWsAcceptLength}) return refuse("wrong Sec-WebSocket-Accept");
    accepted_ = true;
  } else if (equal_ignoring_case(name, kSubprotocolHeader)) {
    if (value != subprotocol_.text()) return refuse("server chose a subprotocol that was not offered");
    subprotocol_seen_ = true;
  } else if (equal_ignoring_case(name, kExtensions) && !value.empty()) {
    return refuse("server chose an extension that was not offered");
  }
  return Result::more;
}

WsHandshake::Result WsHandshake::verdict() {
  if (!upgrade_) return refuse("HTTP answer lacks 'Upgrade: websocket'");
  if (!connection_) return refuse("HTTP answer lacks 'Connection: Upgrade'");
  if (!accepted_) return refuse("HTTP answer lacks Sec-WebSocket-Accept");
  // OCPP-J 1.6 section 3.1.2: without agreement on the subprotocol the client does not go on.
  if (!subprotocol_seen_) return refuse("server did not choose the offered subprotocol");
  return Result::accepted;
}

}  // namespace pb
