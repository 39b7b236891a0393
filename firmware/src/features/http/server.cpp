#include "features/http/server.h"

namespace pb {

namespace {

// A chunk is its length in 4 hexadecimal digits, CR LF, the bytes, CR LF.
constexpr size_t kChunkHead = 6;
constexpr size_t kChunkEnd = 2;
constexpr Text kLastChunk = "0\r\n\r\n";

}  // namespace

Millis HttpServer::poll(Millis now, bool has_memory) {
  accept(now, has_memory);
  Millis deadline = kNever;
  bool waits_for_buffer = false;
  for (Connection& connection : connections_) {
    if (connection.state == State::free) continue;
    deadline = earlier(deadline, step(connection, now));
    waits_for_buffer = waits_for_buffer || connection.state == State::handling;
  }
  // A connection may have been stepped before another one freed the buffer in this round: step it again at once.
  if (waits_for_buffer && owner_ == nullptr) deadline = earlier(deadline, now + 1);
  // If a connection has ended, a new one may be waiting for its place.
  if (connections() < kConnections) accept(now, has_memory);
  return deadline;
}

void HttpServer::accept(Millis now, bool has_memory) {
  for (Connection& connection : connections_) {
    if (connection.state != State::free) continue;
    const int socket = tcp_.accept_next();
    if (socket == Tcp::kNoSocket) return;
    if (!has_memory) {
      tcp_.close(socket);
      continue;
    }
    connection = Connection();
    connection.socket = socket;
    connection.state = State::reading;
    connection.deadline = now + kRequestLimit;
  }
}

Millis HttpServer::step(Connection& connection, Millis now) {
  if (tcp_.state(connection.socket) == TcpState::closed) {
    return release(connection);
  }
  switch (connection.state) {
    case State::free:
      return kNever;
    case State::reading:
      return read(connection, now);
    case State::handling:
      return handle(connection, now);
    case State::receiving:
      return receive(connection, now);
    case State::sending:
      return send(connection, now);
    case State::listening:
      return listen(connection, now);
    case State::draining:
      return wait_or_release(connection, drop_input(connection, now), now);
  }
  return kNever;
}

Millis HttpServer::read(Connection& connection, Millis now) {
  size_t received = 0;
  while (received < kMaxReceivedPerPoll) {
    uint8_t bytes[128];
    const size_t count = tcp_.receive(connection.socket, bytes);
    if (count == 0) break;
    received += count;
    for (size_t i = 0; i < count; ++i) {
      const HttpRequestReader::Result result = connection.reader.feed(bytes[i]);
      if (result == HttpRequestReader::Result::more) continue;
      const HttpRequest& request = connection.reader.request();
      if (result == HttpRequestReader::Result::complete && request.is_octets) {
        connection.reader.keep({bytes + i + 1, count - i - 1});
        connection.body_left = request.length;
      }
      connection.is_unread = result == HttpRequestReader::Result::rejected || connection.body_left != 0 ||
                             request.is_body_too_large || i + 1 < count;
      connection.is_head_only = request.method == HttpMethod::head;
      connection.state = State::handling;
      connection.deadline = now + kAnswerLimit;
      return handle(connection, now);
    }
  }
  if (received >= kMaxReceivedPerPoll) return now;
  if (tcp_.state(connection.socket) == TcpState::closed) {
    return release(connection);
  }
  if (now < connection.deadline) return connection.deadline;
  if (!connection.reader.has_begun()) {
    return release(connection);
  }
  connection.is_unread = true;
  if (owner_ != nullptr) {  // the buffer is in use, so end without an answer
    return release(connection);
  }
  reject(connection, 408, "the request did not arrive within 5 s", now);
  return send(connection, now);
}

Millis HttpServer::handle(Connection& connection, Millis now) {
  const bool has_more_input = connection.body_left == 0 && drop_input(connection, now);
  if (!is_free_for(connection)) return wait_or_release(connection, has_more_input, now);
  if (connection.reader.status() != 0) {
    reject(connection, connection.reader.status(), connection.reader.reason(), now);
    return send(connection, now);
  }
  HttpAnswer made(Span<char>(output_), listeners() < kMaxListeners);
  handler_.handle(connection.reader.request(), connection.step, made, now);
  if (made.kind() == HttpAnswer::Kind::body) {
    connection.is_taken = true;
    connection.state = State::receiving;
    connection.deadline = now + kBodyLimit;
    return receive(connection, now);
  }
  if (made.kind() == HttpAnswer::Kind::none) {
    if (now < connection.deadline) return has_more_input ? now : connection.deadline;
    reject(connection, 504, "the device did not finish the request in time", now);
  } else {
    answer(connection, made, now);
  }
  return send(connection, now);
}

Millis HttpServer::receive(Connection& connection, Millis now) {
  size_t received = 0;
  while (received < kMaxReceivedPerPoll) {
    MutableBytes space;
    if (connection.body_left == 0 || !handler_.body_space(space)) {
      connection.is_unread = connection.body_left != 0;
      connection.body_left = 0;
      connection.place = 0;
      connection.state = State::handling;
      connection.deadline = now + kAnswerLimit;
      return handle(connection, now);
    }
    if (space.empty()) {
      connection.deadline = now + kBodyLimit;
      return now + 1;
    }
    space = space.first(connection.body_left);
    // The first bytes of the body have come with the head.
    const Bytes begun = connection.reader.request().body.bytes().after(connection.place).first(space.length);
    if (!begun.empty()) memcpy(space.data, begun.data, begun.length);
    connection.place += static_cast<uint32_t>(begun.length);
    const size_t count = begun.empty() ? tcp_.receive(connection.socket, space) : begun.length;
    if (count == 0) break;
    handler_.take_body(count);
    connection.body_left -= static_cast<uint32_t>(count);
    connection.deadline = now + kBodyLimit;
    received += count;
  }
  if (received >= kMaxReceivedPerPoll) return now;
  if (tcp_.state(connection.socket) == TcpState::closed) {
    return release(connection);
  }
  if (now < connection.deadline) return connection.deadline;
  connection.is_unread = true;
  connection.body_left = 0;
  if (owner_ != nullptr) {
    return release(connection);
  }
  reject(connection, 408, "the body of the request stopped for 10 s", now);
  return send(connection, now);
}

void HttpServer::reject(Connection& connection, uint16_t status, Text reason, Millis now) {
  HttpAnswer made(Span<char>(output_), false);
  made.error(status, "http", reason);
  answer(connection, made, now);
}

void HttpServer::answer(Connection& connection, const HttpAnswer& answer, Millis now) {
  lose_body(connection);
  owner_ = &connection;
  begin_ = 0;
  end_ = answer.head().length;
  connection.kind = answer.kind();
  connection.number = answer.number();
  connection.rest = answer.body();
  connection.state = State::sending;
  connection.deadline = now + kSendLimit;
  connection.is_complete = answer.kind() == HttpAnswer::Kind::whole;
  if (!connection.is_head_only) return;
  end_ = answer.head_length();
  connection.is_complete = true;
}

Millis HttpServer::send(Connection& connection, Millis now) {
  const bool has_more_input = drop_input(connection, now);
  for (;;) {
    if (tcp_.state(connection.socket) == TcpState::closed) {
      return release(connection);
    }
    if (owner_ == &connection && !flush(connection, now)) break;
    if (connection.is_complete) {
      finish(connection, now);
      return connection.state == State::free ? kNever : connection.deadline;
    }
    if (connection.kind == HttpAnswer::Kind::events) {
      connection.state = State::listening;
      connection.next_event = now;
      return listen(connection, now);
    }
    if (connection.kind == HttpAnswer::Kind::constant) {
      const size_t taken = tcp_.send(connection.socket, connection.rest);
      connection.rest = connection.rest.after(taken);
      if (taken != 0) connection.deadline = now + kSendLimit;
      connection.is_complete = connection.rest.empty();
      if (!connection.is_complete) break;
      continue;
    }
    if (owner_ != nullptr) break;  // the buffer has another connection's bytes
    write_chunk(connection);
    // Send one chunk in each poll, so that the other features get their turn.
    if (!flush(connection, now) || !connection.is_complete) return now + 1;
  }
  return wait_or_release(connection, has_more_input, now);
}

void HttpServer::write_chunk(Connection& connection) {
  TextWriter piece(Span<char>(output_ + kChunkHead, kOutput - kChunkHead - kChunkEnd - kLastChunk.length));
  connection.is_complete = !handler_.write_piece(connection.number, connection.place, piece);
  TextWriter end(Span<char>(output_ + kChunkHead + piece.length(), kChunkEnd + kLastChunk.length));
  begin_ = kChunkHead;
  if (piece.length() != 0) {
    TextWriter head(Span<char>(output_, kChunkHead));
    head.append_all(Hex{piece.length(), 4}, "\r\n");
    end.append("\r\n");
    begin_ = 0;
  }
  if (connection.is_complete) end.append(kLastChunk);
  end_ = kChunkHead + piece.length() + end.length();
  owner_ = &connection;
}

Millis HttpServer::listen(Connection& connection, Millis now) {
  const bool has_more_input = drop_input(connection, now);
  if (tcp_.state(connection.socket) == TcpState::closed) {
    return release(connection);
  }
  if (now >= connection.next_event && owner_ == nullptr) {
    connection.next_event = now + kEventInterval;
    TextWriter event{Span<char>(output_)};
    event.append("data: ");
    const bool goes_on = handler_.write_event(connection.reader.request(), event, now);
    event.append("\n\n");
    owner_ = &connection;
    begin_ = 0;
    end_ = event.length();
    // End the connection if the event is not sent at once: a browser that is too slow would block the buffer for the
    // others. It reconnects by itself.
    if (!goes_on || event.cut() != 0 || !flush(connection, now)) {
      return release(connection);
    }
  }
  return has_more_input ? now : connection.next_event > now ? connection.next_event : now + 1;
}

bool HttpServer::drop_input(Connection& connection, Millis now) {
  for (size_t received = 0; received < kMaxReceivedPerPoll;) {
    uint8_t bytes[128];
    const size_t count = tcp_.receive(connection.socket, bytes);
    if (count == 0) return false;
    if (connection.state == State::draining) connection.deadline = earlier(now + kDrainLimit, connection.next_event);
    received += count;
  }
  return true;
}

bool HttpServer::flush(Connection& connection, Millis now) {
  const Text left(output_ + begin_, end_ - begin_);
  const size_t taken = left.empty() ? 0 : tcp_.send(connection.socket, left.bytes());
  begin_ += taken;
  if (taken != 0) connection.deadline = now + kSendLimit;
  if (begin_ < end_) return false;
  owner_ = nullptr;
  return true;
}

void HttpServer::finish(Connection& connection, Millis now) {
  if (!connection.is_unread) {
    release(connection);
    return;
  }
  connection.state = State::draining;
  connection.deadline = now + kDrainLimit;
  connection.next_event = now + kDrainMost;
}

void HttpServer::lose_body(Connection& connection) {
  if (connection.is_taken) handler_.lose_body();
  connection.is_taken = false;
}

/// @return the deadline of the next step
Millis HttpServer::wait_or_release(Connection& connection, bool has_more_input, Millis now) {
  const bool is_over = now >= connection.deadline || tcp_.state(connection.socket) == TcpState::closed;
  if (is_over) return release(connection);
  return has_more_input ? now : connection.deadline;
}

Millis HttpServer::release(Connection& connection) {
  lose_body(connection);
  tcp_.close(connection.socket);
  if (owner_ == &connection) owner_ = nullptr;
  connection.socket = Tcp::kNoSocket;
  connection.state = State::free;
  return kNever;
}

void HttpServer::close_all() {
  for (Connection& connection : connections_) {
    if (connection.state != State::free) release(connection);
  }
}

size_t HttpServer::connections() const {
  size_t count = 0;
  for (const Connection& connection : connections_) count += connection.state == State::free ? 0 : 1;
  return count;
}

size_t HttpServer::listeners() const {
  size_t count = 0;
  for (const Connection& connection : connections_) {
    const bool listens = connection.state == State::listening ||
                         (connection.state == State::sending && connection.kind == HttpAnswer::Kind::events);
    count += listens ? 1 : 0;
  }
  return count;
}

}  // namespace pb
