#include "features/websocket/protocol.h"

namespace pb {

static_assert(WsHandshake::kBuffer <= WsProtocol::kMaxMessage, "its lines are collected in the message buffer");
static_assert(WsLimits().message <= WsProtocol::kMaxMessage, "a message is collected in the message buffer");
static_assert(WsHandshake::kMaxRequest <= WsProtocol::kMaxSentMessage, "the request is built in the output buffer");

bool WsProtocol::begin(const WsRequest& request, const WsLimits& limits, Millis now) {
  limits_ = limits;
  next_ping_ = pong_deadline_ = kNever;
  header_.reset();
  in_payload_ = in_message_ = pong_due_ = false;
  message_length_ = control_length_ = 0;
  message_is_cut_ = false;
  sent_ = 0;
  close_code_ = 0;
  is_dead_ = is_failed_ = false;
  close_reason_.clear();
  filled_ = handshake_.begin(request, rng_, {reinterpret_cast<char*>(output_), WsHandshake::kMaxRequest});
  if (filled_ == 0) {
    finish(ws_close::kAbnormal, "the handshake request is too long");
    return false;
  }
  state_ = State::opening;
  state_deadline_ = now + limits_.handshake;
  return true;
}

size_t WsProtocol::receive(Bytes bytes, Millis now, Event& event) {
  event = Event::none;
  for (size_t i = 0; i < bytes.length; ++i) {
    if (state_ == State::idle || state_ == State::closed) return bytes.length;
    event = take(bytes[i], now);
    if (event != Event::none) return i + 1;
  }
  return bytes.length;
}

WsProtocol::Event WsProtocol::take(uint8_t byte, Millis now) {
  if (state_ == State::opening) {
    switch (handshake_.feed(byte)) {
      case WsHandshake::Result::more:
        return Event::none;
      case WsHandshake::Result::refused:
        return finish(ws_close::kAbnormal, handshake_.reason());
      case WsHandshake::Result::accepted:
        break;
    }
    state_ = State::open;
    state_deadline_ = kNever;
    if (limits_.ping_interval > 0) next_ping_ = now + limits_.ping_interval;
    return Event::opened;
  }
  if (!in_payload_) {
    switch (header_.feed(byte)) {
      case FrameHeaderReader::Result::more:
        return Event::none;
      case FrameHeaderReader::Result::error:
        return fail(ws_close::kProtocolError, header_.reason(), now);
      case FrameHeaderReader::Result::done:
        return header_done(now);
    }
  }
  if (header_.is_control()) {
    control_[control_length_++] = byte;
  } else if (state_ == State::open) {
    // While closing, data is skipped. The peer may still send it, because it may not have received our Close yet (RFC
    // 6455 section 1.4).
    if (message_is_text_ && !utf8_.feed(byte)) return fail(ws_close::kInvalidData, "text is not UTF-8", now);
    if (message_length_ < limits_.message) {
      message_[message_length_++] = byte;
    } else {
      message_is_cut_ = true;
    }
  }
  return --payload_left_ == 0 ? frame_done(now) : Event::none;
}

WsProtocol::Event WsProtocol::header_done(Millis now) {
  payload_left_ = header_.payload_length();
  if (header_.is_control()) {
    control_length_ = 0;
  } else {
    bool continuation = header_.opcode() == WsOpcode::continuation;
    if (continuation != in_message_) {
      return fail(ws_close::kProtocolError,
                  continuation ? "continuation without a message" : "new message inside a fragmented one", now);
    }
    if (!continuation) {
      in_message_ = true;
      message_is_text_ = header_.opcode() == WsOpcode::text;
      message_length_ = 0;
      message_is_cut_ = false;
      utf8_.reset();
    }
  }
  in_payload_ = true;
  return payload_left_ == 0 ? frame_done(now) : Event::none;
}

WsProtocol::Event WsProtocol::frame_done(Millis now) {
  ++frames_received_;
  in_payload_ = false;
  bool final = header_.final();
  bool control = header_.is_control();
  if (control) {
    Event event = control_done(now);
    header_.reset();
    return event;
  }
  header_.reset();
  if (!final) return Event::none;
  in_message_ = false;
  if (state_ != State::open) return Event::none;
  if (message_is_text_ && !utf8_.complete()) return fail(ws_close::kInvalidData, "text is not UTF-8", now);
  return Event::message;
}

WsProtocol::Event WsProtocol::control_done(Millis now) {
  switch (header_.opcode()) {
    case WsOpcode::close:
      return peer_closed(now);
    case WsOpcode::ping:
      // If several pings wait for an answer, only the latest one is answered (RFC 6455 section 5.5.3).
      memcpy(pong_, control_, control_length_);
      pong_length_ = control_length_;
      pong_due_ = state_ == State::open;
      put_pong();
      return Event::none;
    default:  // a pong, even one that answers no ping (RFC 6455 section 5.5.3)
      if (pong_deadline_ != kNever) ping_times_.add(now - (pong_deadline_ - limits_.pong()));
      pong_deadline_ = kNever;
      return Event::none;
  }
}

WsProtocol::Event WsProtocol::peer_closed(Millis now) {
  if (control_length_ == 1) return fail(ws_close::kProtocolError, "Close frame of one byte", now);
  uint16_t code = ws_close::kNoStatus;
  Bytes reason = Bytes{control_, control_length_}.after(2);
  if (control_length_ >= 2) {
    code = static_cast<uint16_t>(control_[0] << 8 | control_[1]);
    if (!is_valid_close_code(code)) return fail(ws_close::kProtocolError, "invalid close code", now);
    if (!is_utf8(reason)) return fail(ws_close::kInvalidData, "close reason is not UTF-8", now);
  }
  if (state_ == State::open) put_frame(WsOpcode::close, Bytes{control_, control_length_}.first(2), 0);
  bool ours = state_ == State::closing && close_code_ != 0;  // if we closed first, keep our reason, not the peer's echo
  if (ours) return finish(close_code_, close_reason_.text());
  return finish(code, {reinterpret_cast<const char*>(reason.data), reason.length});
}

WsProtocol::Event WsProtocol::poll(Millis now) {
  if (state_ == State::idle || state_ == State::closed) return Event::none;
  if (now >= state_deadline_) {
    if (state_ == State::opening) return finish(ws_close::kAbnormal, "no answer to the WebSocket handshake in time");
    return finish(close_code_, close_reason_.text());
  }
  if (state_ != State::open) return Event::none;
  if (now >= pong_deadline_) {
    is_dead_ = true;
    return finish(ws_close::kAbnormal, "no answer to a ping: the link is dead");
  }
  if (now >= next_ping_) {
    next_ping_ = now + limits_.ping_interval;
    // A ping that does not fit into the output counts as unanswered, because the peer does not read the bytes before
    // it.
    put_frame(WsOpcode::ping, {}, 0);
    if (pong_deadline_ == kNever) pong_deadline_ = now + limits_.pong();
  }
  return Event::none;
}

Millis WsProtocol::deadline() const {
  switch (state_) {
    case State::opening:
    case State::closing:
      return state_deadline_;
    case State::open:
      return earlier(next_ping_, pong_deadline_);
    default:
      return kNever;
  }
}

bool WsProtocol::send_text(Text message) {
  return state_ == State::open && put_frame(WsOpcode::text, message.bytes(), kControlRoom);
}

void WsProtocol::close(uint16_t code, Text reason, Millis now) {
  if (state_ == State::opening) {
    finish(code, reason);
    return;
  }
  if (state_ != State::open) return;
  uint8_t payload[kMaxControlPayload];
  payload[0] = static_cast<uint8_t>(code >> 8);
  payload[1] = static_cast<uint8_t>(code);
  size_t length = reason.length < kMaxControlPayload - 2 ? reason.length : kMaxControlPayload - 2;
  while (!is_utf8(reason.bytes().first(length))) --length;  // never cut through a character
  memcpy(payload + 2, reason.data, length);
  put_frame(WsOpcode::close, {payload, length + 2}, 0);
  close_code_ = code;
  close_reason_.assign({reason.data, length});
  state_ = State::closing;
  state_deadline_ = now + limits_.close;
  next_ping_ = pong_deadline_ = kNever;
  pong_due_ = false;
}

WsProtocol::Event WsProtocol::fail(uint16_t code, Text reason, Millis now) {
  // RFC 6455 section 7.1.7: send the reason, then ignore further bytes of this peer.
  is_failed_ = true;
  close(code, reason, now);
  return finish(code, reason);
}

WsProtocol::Event WsProtocol::finish(uint16_t code, Text reason) {
  state_ = State::closed;
  close_code_ = code;
  size_t length = reason.length < kMaxControlPayload ? reason.length : kMaxControlPayload;
  while (!is_utf8(reason.bytes().first(length))) --length;
  close_reason_.assign({reason.data, length});
  state_deadline_ = next_ping_ = pong_deadline_ = kNever;
  return Event::closed;
}

bool WsProtocol::put_frame(WsOpcode opcode, Bytes payload, size_t keep_free) {
  if (payload.length > kMaxSentMessage) return false;
  if (filled_ + kMaxFrameHeader + payload.length + keep_free > kOutput && sent_ > 0) {
    memmove(output_, output_ + sent_, filled_ - sent_);
    filled_ -= sent_;
    sent_ = 0;
  }
  if (filled_ + kMaxFrameHeader + payload.length + keep_free > kOutput) return false;
  uint32_t word = rng_.next();
  WsMask mask;
  memcpy(mask, &word, sizeof mask);
  uint8_t header[kMaxFrameHeader];
  size_t header_length = write_frame_header(opcode, payload.length, mask, header);
  memcpy(output_ + filled_, header, header_length);
  filled_ += header_length;
  if (!payload.empty()) memcpy(output_ + filled_, payload.data, payload.length);
  apply_mask({output_ + filled_, payload.length}, mask);
  filled_ += payload.length;
  ++frames_sent_;
  return true;
}

void WsProtocol::put_pong() {
  // Leave room for a Close frame, so that a reason can always be sent.
  if (pong_due_ && put_frame(WsOpcode::pong, {pong_, pong_length_}, kMaxControlPayload + kMaxFrameHeader)) {
    pong_due_ = false;
  }
}

void WsProtocol::output_sent(size_t count) {
  sent_ += count;
  if (sent_ == filled_) sent_ = filled_ = 0;
  put_pong();
}

}  // namespace pb
