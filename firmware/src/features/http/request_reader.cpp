#include "features/http/request_reader.h"

#include "core/decimal.h"

namespace pb {

namespace {

/// A character of a token (RFC 9110, section 5.6.2).
bool is_token_character(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  for (const char* other = "!#$%&'*+-.^_`|~"; *other != '\0'; ++other) {
    if (c == *other) return true;
  }
  return false;
}

bool is_token(Text text) {
  for (size_t i = 0; i < text.length; ++i) {
    if (!is_token_character(text.data[i])) return false;
  }
  return !text.empty();
}

Text after(Text text, size_t count) {
  return count < text.length ? Text(text.data + count, text.length - count) : Text(text.data + text.length, 0);
}

/// The characters of a header's value: visible ones, blanks, tabs and bytes above ASCII (RFC 9110, section 5.5).
bool is_allowed(uint8_t byte) { return byte == '\t' || (byte >= ' ' && byte != 0x7f); }

}  // namespace

HttpRequestReader::Result HttpRequestReader::reject(uint16_t status, const char* reason) {
  state_ = State::done;
  status_ = status;
  reason_ = reason;
  return Result::rejected;
}

HttpRequestReader::Result HttpRequestReader::feed(uint8_t byte) {
  if (state_ == State::body) {
    buffer_[length_++] = static_cast<char>(byte);
    if (length_ < request_.length) return Result::more;
    request_.body = {buffer_, length_};
    state_ = State::done;
    return Result::complete;
  }
  if (++head_length_ > kMaxHead) return reject(431, "the head of the request is longer than 8192 bytes");
  if (has_cr_) {
    has_cr_ = false;
    return byte == '\n' ? end_line() : reject(400, "a line of the request does not end with CR LF");
  }
  if (byte == '\r') {
    has_cr_ = true;
    return Result::more;
  }
  if (!is_allowed(byte)) return reject(400, "the head of the request has a control character");
  if (length_ < kBuffer) {
    buffer_[length_++] = static_cast<char>(byte);
  } else {
    is_cut_ = true;
  }
  return Result::more;
}

HttpRequestReader::Result HttpRequestReader::end_line() {
  const Text line(buffer_, length_);
  length_ = 0;
  if (state_ == State::request_line) {
    // One empty line before a request is allowed (RFC 9112, section 2.2).
    if (line.empty() && head_length_ == 2) return Result::more;
    return read_request_line(line);
  }
  return line.empty() ? end_head() : read_header(line);
}

HttpRequestReader::Result HttpRequestReader::read_request_line(Text line) {
  if (is_cut_) return reject(414, "the request line is longer than 384 bytes");
  const size_t method_end = find(line, ' ');
  const Text method(line.data, method_end);
  const Text rest = after(line, method_end + 1);
  const size_t target_end = find(rest, ' ');
  const Text target(rest.data, target_end);
  const Text version = after(rest, target_end + 1);
  if (!is_token(method) || !is_graphic_ascii(target) || target.empty()) {
    return reject(400, "the request line is not METHOD TARGET VERSION");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return starts_with(version, "HTTP/") ? reject(505, "use HTTP/1.1 or HTTP/1.0")
                                         : reject(400, "the request line is not METHOD TARGET VERSION");
  }
  has_host_ = version == "HTTP/1.0";  // HTTP/1.0 needs no header Host
  if (method == "GET") request_.method = HttpMethod::get;
  if (method == "HEAD") request_.method = HttpMethod::head;
  if (method == "POST") request_.method = HttpMethod::post;
  if (target.data[0] != '/') return reject(400, "the target of the request is not a path");
  request_.path.assign({target.data, find(target, '?')});
  state_ = State::header;
  return Result::more;
}

HttpRequestReader::Result HttpRequestReader::read_header(Text line) {
  const bool is_cut = is_cut_;
  is_cut_ = false;
  const size_t colon = find(line, ':');
  const Text name(line.data, colon);
  if (colon == line.length || !is_token(name)) return reject(400, "a header line is not NAME: VALUE");
  const Text value = trimmed(after(line, colon + 1));
  const auto is = [name](Text wanted) { return equal_ignoring_case(name, wanted); };

  if (is("Transfer-Encoding")) return reject(501, "a body needs Content-Length; Transfer-Encoding is not supported");
  const bool is_used =
      is("Host") || is("Content-Length") || is("Cookie") || is("Origin") || is("X-CSRF-Token") || is("Content-Type");
  if (!is_used) return Result::more;
  if (is_cut) return reject(431, "a header line is longer than 384 bytes");
  if (is("Content-Length")) {
    uint64_t length = 0;
    if (has_length_) return reject(400, "Content-Length appears twice");
    if (!parse_decimal_unsigned(value, length) || length > UINT32_MAX) {
      return reject(400, "Content-Length is no number of bytes");
    }
    has_length_ = true;
    request_.length = static_cast<uint32_t>(length);
  } else if (is("Host")) {
    if (has_host_ && !request_.host.empty()) return reject(400, "Host appears twice");
    has_host_ = true;
    if (!is_graphic_ascii(value) || !request_.host.assign(value)) return reject(400, "Host is no name or address");
  } else if (is("Cookie")) {
    read_cookies(value);
  } else if (is("Origin")) {
    constexpr Text kScheme = "http://";
    request_.has_origin = true;
    request_.origin.clear();
    if (starts_with(value, kScheme)) request_.origin.assign(after(value, kScheme.length));
  } else if (is("X-CSRF-Token")) {
    request_.csrf.assign(value);
  } else {
    const Text type = trimmed({value.data, find(value, ';')});
    request_.is_json = equal_ignoring_case(type, "application/json");
    request_.is_octets = equal_ignoring_case(type, "application/octet-stream");
  }
  return Result::more;
}

/// RFC 6265, section 4.2.1.
void HttpRequestReader::read_cookies(Text value) {
  constexpr Text kSession = "session=";
  while (!value.empty()) {
    const size_t end = find(value, ';');
    const Text cookie = trimmed({value.data, end});
    if (starts_with(cookie, kSession)) request_.session.assign(after(cookie, kSession.length));
    value = after(value, end + 1);
  }
}

HttpRequestReader::Result HttpRequestReader::end_head() {
  if (!has_host_) return reject(400, "the request has no Host");
  request_.is_body_too_large = request_.length > kMaxBody;
  const bool is_read = request_.length != 0 && !request_.is_octets && !request_.is_body_too_large;
  state_ = is_read ? State::body : State::done;
  return is_read ? Result::more : Result::complete;
}

void HttpRequestReader::keep(Bytes bytes) {
  memcpy(buffer_, bytes.data, bytes.length);
  request_.body = {buffer_, bytes.length};
}

}  // namespace pb
