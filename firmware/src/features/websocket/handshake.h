#pragma once

#include "core/base64.h"
#include "core/span.h"
#include "core/text.h"
#include "port/rng.h"

namespace pb {

/// The parts of the client's opening handshake (RFC 6455 section 4.1).
struct WsRequest {
  Text host;           // with ":port" unless it is the scheme's own port
  Text path;           // begins with '/'
  Text subprotocol;    // the only offered one
  Text authorization;  // value of the Authorization header, or empty for none
};

constexpr size_t kWsKeyLength = base64_length(16);
constexpr size_t kWsAcceptLength = base64_length(20);

/// The value of Sec-WebSocket-Accept that belongs to a key (RFC 6455 section 4.2.2).
void websocket_accept_key(Text key, char (&accept)[kWsAcceptLength]);

/// The client's side of the opening handshake: writes the request and judges the answer, which it takes byte by byte.
/// Interim answers (RFC 9110 section 15.2) and headers that are not of WebSocket are skipped, in any number and length:
/// proxies and load balancers add them.
class WsHandshake {
 public:
  static constexpr size_t kMaxRequest = 1856;
  /// The longest header of WebSocket. Longer lines of other headers are cut.
  static constexpr size_t kMaxLine = 512;
  static constexpr size_t kMaxSubprotocol = 16;
  /// The longest Location; a longer one is cut.
  static constexpr size_t kMaxLocation = 256;
  /// The size of the buffer for the constructor.
  static constexpr size_t kBuffer = kMaxLine + kMaxLocation;

  enum class Result : uint8_t { more, accepted, refused };

  /// @param buffer kBuffer bytes for the line under way and for location(), from begin() until the answer was used
  explicit WsHandshake(char* buffer) : line_(buffer) {}

  /// Chooses a fresh key. @return the length of the request, 0 when it does not fit.
  size_t begin(const WsRequest& request, Rng& rng, Span<char> into);

  /// After `accepted` the next byte belongs to the first frame.
  Result feed(uint8_t byte);

  /// Status code of the answer, 0 before it is known.
  uint16_t status() const { return status_; }
  /// The seconds in the Retry-After of a refusal (RFC 9110 section 10.2.3); 0 without Retry-After.
  uint32_t retry_after_s() const;
  /// The target of a redirection; empty if there is none (RFC 9110 section 10.2.2). The redirection is not followed.
  Text location() const { return {line_ + kMaxLine, location_length_}; }
  /// Whether location() may have a user with a password: then it must not be shown.
  bool location_may_have_user() const { return location_may_have_user_; }
  /// The reason of a refusal.
  const char* reason() const { return reason_; }

 private:
  Result refuse(const char* reason) {
    reason_ = reason;
    return Result::refused;
  }
  Result line_done();
  Result status_line(Text line);
  Result header(Text line, bool is_cut);
  void note_refusal(Text line, bool is_cut);
  Result verdict();

  FixedText<kMaxSubprotocol> subprotocol_;
  char accept_[kWsAcceptLength] = {};
  char* line_;
  size_t length_ = 0;
  bool line_is_cut_ = false;
  uint8_t previous_ = 0;
  bool in_headers_ = false;
  bool may_fold_ = false;  // the last header was skipped: its continuation is skipped too
  uint16_t status_ = 0;
  bool upgrade_ = false;
  bool connection_ = false;
  bool accepted_ = false;
  bool subprotocol_seen_ = false;
  uint32_t retry_after_s_ = 0;
  int64_t retry_at_s_ = 0;  // Retry-After as a date; 0 without a date. date_s_ is the server's own time
  int64_t date_s_ = 0;
  size_t location_length_ = 0;
  bool location_may_have_user_ = false;
  const char* reason_ = "";
};

}  // namespace pb
