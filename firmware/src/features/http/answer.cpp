#include "features/http/answer.h"

namespace pb {

namespace {

constexpr unsigned kLengthDigits = 7;

Text phrase_of(uint16_t status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
  }
  return "Unknown";
}

}  // namespace

void HttpAnswer::begin(uint16_t status, Text type, Text policy, bool has_length) {
  TextWriter head(buffer_);
  head.append_all("HTTP/1.1 ", status, ' ', phrase_of(status),
                  "\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                  "X-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n"
                  "Cross-Origin-Resource-Policy: same-origin\r\nContent-Security-Policy: ",
                  policy, "\r\nContent-Type: ", type, "\r\n");
  if (!cookie_.empty()) head.append_all("Set-Cookie: ", cookie_.text(), "\r\n");
  if (!location_.empty()) head.append_all("Location: ", location_, "\r\n");
  if (retry_after_s_ != 0) head.append_all("Retry-After: ", retry_after_s_, "\r\n");
  if (status == 405) head.append("Allow: GET, HEAD, POST\r\n");
  if (has_length) {
    head.append("Content-Length: ");
    length_place_ = head.length();
    head.append_all(Padded{0, kLengthDigits}, "\r\n\r\n");
  }
  length_ = head.length();
  kind_ = Kind::whole;
}

void HttpAnswer::end(size_t body_length) {
  TextWriter length(Span<char>(buffer_.data + length_place_, kLengthDigits));
  length.append(Padded{body_length, kLengthDigits});
  length_ += body_length;
  body_length_ = body_length;
}

void HttpAnswer::redirect(Text url) {
  location_ = url;
  begin(302, kPlain, kNoContent, true);
}

void HttpAnswer::constant(Text type, Text policy, Bytes gzip) {
  begin(200, type, policy, false);
  TextWriter rest(buffer_.after(length_));
  rest.append_all("Content-Encoding: gzip\r\nContent-Length: ", gzip.length, "\r\n\r\n");
  length_ += rest.length();
  body_ = gzip;
  kind_ = Kind::constant;
}

void HttpAnswer::stream(Text type, uint8_t number, Text file) {
  begin(200, type, kNoContent, false);
  TextWriter rest(buffer_.after(length_));
  if (!file.empty()) rest.append_all("Content-Disposition: attachment; filename=\"", file, "\"\r\n");
  rest.append("Transfer-Encoding: chunked\r\n\r\n");
  length_ += rest.length();
  number_ = number;
  kind_ = Kind::stream;
}

void HttpAnswer::events() {
  if (!can_listen_) {
    set_retry_after(5);
    return error(503, "too_many_streams", "other browsers receive live values already; close one of their pages");
  }
  begin(200, "text/event-stream", kNoContent, false);
  TextWriter rest(buffer_.after(length_));
  rest.append("\r\n");
  length_ += rest.length();
  kind_ = Kind::events;
}

}  // namespace pb
