#pragma once

#include "core/span.h"

namespace pb {

/// RFC 6455 section 5.2.
enum class WsOpcode : uint8_t { continuation = 0x0, text = 0x1, binary = 0x2, close = 0x8, ping = 0x9, pong = 0xa };

/// RFC 6455 section 7.4.1: the close codes that this end uses.
namespace ws_close {
constexpr uint16_t kNormal = 1000;
constexpr uint16_t kGoingAway = 1001;
constexpr uint16_t kProtocolError = 1002;
constexpr uint16_t kNoStatus = 1005;  // never on the wire: the peer's Close frame had no code
constexpr uint16_t kAbnormal = 1006;  // never on the wire: the link ended without a Close frame
constexpr uint16_t kInvalidData = 1007;
constexpr uint16_t kServiceRestart = 1012;
constexpr uint16_t kTryAgainLater = 1013;
}  // namespace ws_close

/// True for a code that a peer may send in a Close frame.
bool is_valid_close_code(uint16_t code);

constexpr size_t kMaxControlPayload = 125;
/// A header as a client writes it: two bytes, eight of length, four of mask.
constexpr size_t kMaxFrameHeader = 14;

using WsMask = uint8_t[4];

/// Writes the header of a final, masked frame. @return its length.
size_t write_frame_header(WsOpcode opcode, size_t payload_length, const WsMask& mask, uint8_t (&into)[kMaxFrameHeader]);

/// XORs the payload with the mask in place, which is its own inverse (RFC 6455 section 5.3).
void apply_mask(MutableBytes payload, const WsMask& mask);

/// Reads the header of a frame sent by a server, byte by byte.
class FrameHeaderReader {
 public:
  enum class Result : uint8_t { more, done, error };

  /// After `done` or `error` only reset() may follow.
  Result feed(uint8_t byte);
  void reset() { *this = FrameHeaderReader(); }

  bool final() const { return final_; }
  WsOpcode opcode() const { return opcode_; }
  bool is_control() const { return (static_cast<uint8_t>(opcode_) & 0x8) != 0; }
  uint64_t payload_length() const { return length_; }
  /// Why the header was rejected; every such reason is a protocol error (1002).
  const char* reason() const { return reason_; }

 private:
  Result fail(const char* reason) {
    reason_ = reason;
    return Result::error;
  }
  Result first(uint8_t byte);
  Result second(uint8_t byte);
  Result extended(uint8_t byte);

  uint8_t count_ = 0;
  uint8_t length_bytes_ = 0;
  bool final_ = false;
  WsOpcode opcode_ = WsOpcode::continuation;
  uint64_t length_ = 0;
  const char* reason_ = "";
};

}  // namespace pb
