#pragma once

#include "features/http/request.h"

namespace pb {

/// Reads one HTTP/1.1 request (RFC 9112), byte by byte, without sockets. It is strict: lines end with CRLF, header
/// lines are not folded, lengths appear once, and nothing is guessed.
class HttpRequestReader {
 public:
  /// The longest header line that is kept. A longer line is rejected if the device uses the header. If not, only its
  /// name is read.
  static constexpr size_t kBuffer = 384;
  static constexpr size_t kMaxBody = kBuffer;
  /// The longest head, with all header lines (RFC 6585, status 431).
  static constexpr size_t kMaxHead = 8192;

  enum class Result : uint8_t { more, complete, rejected };

  /// Takes the next byte. After `complete` or `rejected` no more bytes may follow.
  Result feed(uint8_t byte);
  /// Keeps the first bytes of a body of octets, which arrived together with the end of the head. @param bytes at most
  /// kBuffer
  void keep(Bytes bytes);

  /// Whether a byte has arrived.
  bool has_begun() const { return head_length_ != 0; }
  const HttpRequest& request() const { return request_; }
  /// The status that answers a rejected request (RFC 9110, section 15), and the reason for people.
  uint16_t status() const { return status_; }
  const char* reason() const { return reason_; }

 private:
  enum class State : uint8_t { request_line, header, body, done };

  Result reject(uint16_t status, const char* reason);
  Result end_line();
  Result read_request_line(Text line);
  Result read_header(Text line);
  Result end_head();
  void read_cookies(Text value);

  HttpRequest request_;
  State state_ = State::request_line;
  bool has_cr_ = false;
  bool is_cut_ = false;  ///< the line is longer than the buffer
  bool has_host_ = false;
  bool has_length_ = false;
  uint16_t status_ = 0;
  uint16_t head_length_ = 0;
  const char* reason_ = "";
  size_t length_ = 0;  ///< bytes in buffer_: of a line, later of the body
  char buffer_[kBuffer];
};

}  // namespace pb
