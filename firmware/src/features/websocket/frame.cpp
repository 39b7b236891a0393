#include "features/websocket/frame.h"

namespace pb {
namespace {

constexpr uint8_t kFinal = 0x80;
constexpr uint8_t kReserved = 0x70;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kLength16 = 126;
constexpr uint8_t kLength64 = 127;

}  // namespace

bool is_valid_close_code(uint16_t code) {
  // 1012 to 1014 are registered with IANA after RFC 6455 (service restart, try again later, bad gateway).
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

size_t write_frame_header(WsOpcode opcode, size_t payload_length, const WsMask& mask,
                          uint8_t (&into)[kMaxFrameHeader]) {
  uint64_t length = payload_length;
  size_t at = 0;
  into[at++] = static_cast<uint8_t>(kFinal | static_cast<uint8_t>(opcode));
  size_t extra = 0;
  if (length < kLength16) {
    into[at++] = static_cast<uint8_t>(kMasked | length);
  } else if (length <= 0xffff) {
    into[at++] = kMasked | kLength16;
    extra = 2;
  } else {
    into[at++] = kMasked | kLength64;
    extra = 8;
  }
  while (extra > 0) into[at++] = static_cast<uint8_t>(length >> (8 * --extra));
  for (uint8_t byte : mask) into[at++] = byte;
  return at;
}

void apply_mask(MutableBytes payload, const WsMask& mask) {
  for (size_t i = 0; i < payload.length; ++i) payload[i] = static_cast<uint8_t>(payload[i] ^ mask[i % 4]);
}

FrameHeaderReader::Result FrameHeaderReader::feed(uint8_t byte) {
  switch (count_++) {
    case 0:
      return first(byte);
    case 1:
      return second(byte);
    default:
      return extended(byte);
  }
}

FrameHeaderReader::Result FrameHeaderReader::first(uint8_t byte) {
  if ((byte & kReserved) != 0) return fail("reserved bit set without an extension");
  final_ = (byte & kFinal) != 0;
  opcode_ = static_cast<WsOpcode>(byte & 0x0f);
  switch (opcode_) {
    case WsOpcode::continuation:
    case WsOpcode::text:
    case WsOpcode::binary:
      return Result::more;
    case WsOpcode::close:
    case WsOpcode::ping:
    case WsOpcode::pong:
      return final_ ? Result::more : fail("fragmented control frame");
  }
  return fail("unknown opcode");
}

FrameHeaderReader::Result FrameHeaderReader::second(uint8_t byte) {
  if ((byte & kMasked) != 0) return fail("masked frame from a server");
  if (is_control() && byte > kMaxControlPayload) return fail("control frame longer than 125 bytes");
  if (byte < kLength16) {
    length_ = byte;
    return Result::done;
  }
  length_bytes_ = byte == kLength16 ? 2 : 8;
  return Result::more;
}

FrameHeaderReader::Result FrameHeaderReader::extended(uint8_t byte) {
  length_ = length_ << 8 | byte;
  if (count_ < 2 + length_bytes_) return Result::more;
  if (length_ >> 63 != 0) return fail("length with the highest bit set");
  uint64_t minimum = length_bytes_ == 2 ? kLength16 : 0x10000;
  if (length_ < minimum) return fail("length not in its shortest form");
  return Result::done;
}

}  // namespace pb
