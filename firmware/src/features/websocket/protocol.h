#pragma once

#include "core/latency_histogram.h"
#include "core/span.h"
#include "core/text.h"
#include "core/time.h"
#include "core/utf8.h"
#include "features/websocket/frame.h"
#include "features/websocket/handshake.h"
#include "port/rng.h"

namespace pb {

/// Limits of time, and of the size of a message.
struct WsLimits {
  Millis handshake = 10'000;
  Millis ping_interval = 10'000;  // 0: no pings
  Millis close = 2'000;
  /// The longest message, in bytes, that is received whole; at most WsProtocol::kMaxMessage.
  size_t message = 8192;

  /// A ping that is not answered in this time means the link is dead. With the wait for the ping itself, a silent link
  /// is detected within two ping intervals.
  Millis pong() const { return ping_interval - ping_interval / 4; }
};

/// The client's side of one WebSocket connection (RFC 6455), without a socket: bytes and time in, events and bytes out.
class WsProtocol {
 public:
  /// The size of the buffer for received messages. The rest of a longer message is skipped.
  static constexpr size_t kMaxMessage = 8192;
  /// The longest message that is sent.
  static constexpr size_t kMaxSentMessage = 4096;

  enum class State : uint8_t {
    idle,     // begin() has not been called
    opening,  // the answer to the handshake is pending
    open,
    closing,  // a Close frame was sent, the peer's is pending
    closed,   // finished; output() may still have bytes to flush before the TCP connection is closed
  };
  enum class Event : uint8_t { none, opened, message, closed };

  explicit WsProtocol(Rng& rng) : rng_(rng) {}

  /// Starts a connection on a fresh TCP link. @return false when the request does not fit.
  bool begin(const WsRequest& request, const WsLimits& limits, Millis now);

  /// Takes bytes from the peer, up to the first event. @return the number of taken bytes; call again with the others
  /// after the event was handled. After `message`, message() is valid until the next call.
  size_t receive(Bytes bytes, Millis now, Event& event);
  /// Handles deadlines that have passed. @return `closed` when a deadline has passed.
  Event poll(Millis now);
  /// When poll() must be called at the latest.
  Millis deadline() const;

  /// Sends a text message. @return false, with nothing sent, if the connection is not open or the output has no room
  /// for the message.
  bool send_text(Text message);
  /// Starts the closing handshake; the reason is cut to the size of a control frame.
  void close(uint16_t code, Text reason, Millis now);

  /// The bytes to send to the peer. The caller reports the number of sent bytes by output_sent().
  Bytes output() const { return {output_ + sent_, filled_ - sent_}; }
  void output_sent(size_t count);

  /// The number of frames since the start, over all connections.
  uint32_t frames_received() const { return frames_received_; }
  uint32_t frames_sent() const { return frames_sent_; }
  /// The times from a ping to its pong.
  const LatencyHistogram& ping_times() const { return ping_times_; }

  State state() const { return state_; }
  Bytes message() const { return {message_, message_length_}; }
  /// Whether message() is only the beginning of a longer message.
  bool message_is_cut() const { return message_is_cut_; }
  bool message_is_text() const { return message_is_text_; }
  /// Why the connection was closed: code, and for people the reason.
  uint16_t close_code() const { return close_code_; }
  Text close_reason() const { return close_reason_.text(); }
  /// Whether the connection has ended because a ping had no answer.
  bool is_dead() const { return is_dead_; }
  /// Whether the connection has ended because the peer has broken the protocol.
  bool is_failed() const { return is_failed_; }
  /// HTTP status of the answer to the handshake; 0 when there was none.
  uint16_t http_status() const { return handshake_.status(); }
  /// The same as in WsHandshake, while the connection is closed after a refused handshake.
  uint32_t retry_after_s() const { return handshake_.retry_after_s(); }
  Text location() const { return handshake_.location(); }
  bool location_may_have_user() const { return handshake_.location_may_have_user(); }

 private:
  static constexpr size_t kControlRoom = 2 * (kMaxControlPayload + kMaxFrameHeader);
  static constexpr size_t kOutput = kMaxSentMessage + kMaxFrameHeader + kControlRoom;

  Event take(uint8_t byte, Millis now);
  Event header_done(Millis now);
  Event frame_done(Millis now);
  Event control_done(Millis now);
  Event peer_closed(Millis now);
  Event fail(uint16_t code, Text reason, Millis now);
  Event finish(uint16_t code, Text reason);
  bool put_frame(WsOpcode opcode, Bytes payload, size_t keep_free);
  void put_pong();

  Rng& rng_;
  State state_ = State::idle;
  WsLimits limits_;
  WsHandshake handshake_{reinterpret_cast<char*>(message_)};  // uses message_ before the first message
  Millis state_deadline_ = kNever;                            // the deadline of opening or closing
  Millis next_ping_ = kNever;
  Millis pong_deadline_ = kNever;

  FrameHeaderReader header_;
  bool in_payload_ = false;
  uint64_t payload_left_ = 0;
  bool in_message_ = false;  // a data message has begun
  bool message_is_text_ = false;
  Utf8Validator utf8_;
  uint8_t message_[kMaxMessage] = {};
  size_t message_length_ = 0;
  bool message_is_cut_ = false;
  uint8_t control_[kMaxControlPayload] = {};
  size_t control_length_ = 0;

  uint8_t pong_[kMaxControlPayload] = {};  // answer to the latest ping, while the output is full
  size_t pong_length_ = 0;
  bool pong_due_ = false;

  uint8_t output_[kOutput] = {};
  size_t filled_ = 0;
  size_t sent_ = 0;

  uint16_t close_code_ = 0;
  FixedText<kMaxControlPayload> close_reason_;
  bool is_dead_ = false;
  bool is_failed_ = false;

  uint32_t frames_received_ = 0;
  uint32_t frames_sent_ = 0;
  LatencyHistogram ping_times_;
};

}  // namespace pb
