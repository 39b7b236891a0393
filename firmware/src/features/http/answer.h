#pragma once

#include "core/json_writer.h"
#include "core/text_writer.h"

namespace pb {

/// Writes the head of an answer, and its body if it is short, into the buffer of the server. Exactly one of json(),
/// error(), redirect(), constant(), stream() and events() makes the answer. If they are called earlier, set_cookie()
/// and set_retry_after() add a header each. take_body() defers the answer.
class HttpAnswer {
 public:
  enum class Kind : uint8_t {
    none,      ///< no answer yet: the request is shown again at the next poll
    body,      ///< no answer yet: the handler takes the body first
    whole,     ///< the whole answer is in the buffer
    constant,  ///< the buffer has the head; the body is body()
    stream,    ///< the body comes in pieces, in chunks (RFC 9112, section 7.1)
    events,    ///< the body is a stream of events without an end (HTML, section 9.2, "Server-sent events")
  };
  static constexpr Text kJson = "application/json";
  static constexpr Text kPlain = "text/plain; charset=utf-8";

  /// @param can_listen whether the server has room for another stream of events
  HttpAnswer(Span<char> buffer, bool can_listen) : buffer_(buffer), can_listen_(can_listen) {}

  /// @param cookie name, value and attributes (RFC 6265, section 4.1.1)
  void set_cookie(Text cookie) { cookie_.assign(cookie); }
  void set_retry_after(uint32_t seconds) { retry_after_s_ = seconds; }

  /// @param write takes a JsonWriter&
  template <class Write>
  void json(uint16_t status, Write write) {
    begin(status, kJson, kNoContent, true);
    JsonWriter json(buffer_.after(length_));
    write(json);
    if (!json.ok()) return error(500, "too_long", "the answer does not fit into the device's buffer");
    end(json.text().length);
  }
  /// Answers with `{"error": code, "message": message}`. @param code for programs  @param message for people, in
  /// English
  void error(uint16_t status, Text code, Text message) {
    json(status, [code, message](JsonWriter& json) {
      json.begin_object().member("error", code).member("message", message).end_object();
    });
  }
  /// Sends the browser to another address. @param url absolute
  void redirect(Text url);
  /// Lets the handler take the body, which is octets, by HttpHandler::body_space. The request is shown again after the
  /// body.
  void take_body() { kind_ = Kind::body; }
  /// @param policy the Content-Security-Policy  @param gzip a body that outlives the answer
  void constant(Text type, Text policy, Bytes gzip);
  /// @param number names the body for HttpHandler::write_piece  @param file the name under which a browser saves the
  /// body; empty: none
  void stream(Text type, uint8_t number, Text file = "");
  void events();

  Kind kind() const { return kind_; }
  /// The content of the buffer: the head, followed by the body if the answer is `whole`.
  Text head() const { return {buffer_.data, length_}; }
  size_t head_length() const { return length_ - body_length_; }
  Bytes body() const { return body_; }
  uint8_t number() const { return number_; }

 private:
  static constexpr Text kNoContent = "default-src 'none'; frame-ancestors 'none'";

  void begin(uint16_t status, Text type, Text policy, bool has_length);
  /// Writes the length of the body, which follows the head.
  void end(size_t body_length);

  Span<char> buffer_;
  bool can_listen_;
  FixedText<120> cookie_;
  Text location_;
  uint32_t retry_after_s_ = 0;
  Kind kind_ = Kind::none;
  size_t length_ = 0;
  size_t length_place_ = 0;
  size_t body_length_ = 0;
  Bytes body_;
  uint8_t number_ = 0;
};

}  // namespace pb
