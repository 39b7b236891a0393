#pragma once

#include "core/time.h"
#include "features/http/answer.h"
#include "features/http/request_reader.h"
#include "port/tcp.h"

namespace pb {

/// The routes of a server. All calls come inside HttpServer::poll.
class HttpHandler {
 public:
  /// Answers a request. A request that is not answered at once is shown again at each poll, for
  /// HttpServer::kAnswerLimit at most.
  /// @param step 0 at the first call; the handler can change it, and finds its value at the next call
  virtual void handle(const HttpRequest& request, uint8_t& step, HttpAnswer& answer, Millis now) = 0;
  /// Writes the next piece of a streamed body; bytes that do not fit are cut. @param place 0 at the first call; the
  /// handler changes it  @return false when this is the last piece
  virtual bool write_piece(uint8_t number, uint32_t& place, TextWriter& piece) = 0;
  /// Writes the data of the next event, which is one line. @return false to end the stream
  virtual bool write_event(const HttpRequest& request, TextWriter& event, Millis now) = 0;
  /// The place for the next bytes of the body that handle() has asked for; empty: not now. One connection at a time
  /// has such a body. @return false when the rest is not wanted: the request is shown again at once
  virtual bool body_space(MutableBytes& space) = 0;
  /// Takes `count` bytes of the body, which the server has written to the last body_space().
  virtual void take_body(size_t count) = 0;
  /// The request is over, by its answer or by the end of the connection: no more of its body comes.
  virtual void lose_body() = 0;

 protected:
  ~HttpHandler() = default;
};

/// Serves HTTP/1.1 over Tcp: one request per connection. All connections share one buffer for output, which belongs to
/// a connection until TCP has taken its bytes. Each state has a deadline.
class HttpServer {
 public:
  static constexpr size_t kConnections = 4;
  static constexpr size_t kMaxListeners = 2;
  static constexpr size_t kOutput = 2560;
  /// The limit from the connection to the end of its request, even if bytes keep arriving.
  static constexpr Millis kRequestLimit = 5'000;
  /// The limit of the handler's work.
  static constexpr Millis kAnswerLimit = 10'000;
  /// The longest time in which TCP takes no byte.
  static constexpr Millis kSendLimit = 5'000;
  /// The longest pause between two bytes of a body that the handler takes.
  static constexpr Millis kBodyLimit = 10'000;
  /// Limits for the rest of a rejected request, which is read because a close with unread bytes could destroy the
  /// answer on its way. kDrainLimit limits the time without a byte, and kDrainMost the time for all bytes. kDrainMost
  /// is long because a browser reads the answer only after it has sent its request.
  static constexpr Millis kDrainLimit = 1'000;
  static constexpr Millis kDrainMost = 10'000;
  static constexpr Millis kEventInterval = 1'000;
  /// The most bytes that a poll reads of a connection.
  static constexpr size_t kMaxReceivedPerPoll = 1'024;

  HttpServer(Tcp& tcp, HttpHandler& handler) : tcp_(tcp), handler_(handler) {}

  /// Accepts connections, reads, answers.
  /// @param has_memory false: a new connection is closed at once  @return the deadline of the next call
  Millis poll(Millis now, bool has_memory = true);
  /// Closes all connections.
  void close_all();
  size_t connections() const;

 private:
  enum class State : uint8_t { free, reading, handling, receiving, sending, listening, draining };

  struct Connection {
    State state = State::free;
    HttpAnswer::Kind kind = HttpAnswer::Kind::none;
    bool is_head_only = false;
    bool is_unread = false;    ///< the peer may still send a body that nobody reads
    bool is_complete = false;  ///< all of the body has been in the buffer
    bool is_taken = false;     ///< the handler takes the body of the request
    uint8_t number = 0;
    uint8_t step = 0;
    uint32_t place = 0;
    int socket = Tcp::kNoSocket;
    Millis deadline = 0;
    Millis next_event = 0;   ///< the time of a listener's next event; while draining, the end of the drain
    uint32_t body_left = 0;  ///< bytes of a body of octets that the handler has not taken
    Bytes rest;              ///< the rest of a constant body
    HttpRequestReader reader;
  };

  void accept(Millis now, bool has_memory);
  /// @return when to call it again
  Millis step(Connection& connection, Millis now);
  Millis read(Connection& connection, Millis now);
  Millis handle(Connection& connection, Millis now);
  Millis receive(Connection& connection, Millis now);
  Millis send(Connection& connection, Millis now);
  Millis listen(Connection& connection, Millis now);
  void answer(Connection& connection, const HttpAnswer& answer, Millis now);
  void reject(Connection& connection, uint16_t status, Text reason, Millis now);
  /// Reads and drops bytes. @return whether there may be more
  bool drop_input(Connection& connection, Millis now);
  /// Gives bytes to TCP from the shared buffer. @return whether the buffer is empty now
  bool flush(Connection& connection, Millis now);
  bool is_free_for(const Connection& connection) const { return owner_ == nullptr || owner_ == &connection; }
  void write_chunk(Connection& connection);
  void finish(Connection& connection, Millis now);
  /// Lets the handler forget the body of the request, if it takes it.
  void lose_body(Connection& connection);
  Millis wait_or_release(Connection& connection, bool has_more_input, Millis now);
  Millis release(Connection& connection);
  size_t listeners() const;

  Tcp& tcp_;
  HttpHandler& handler_;
  Connection connections_[kConnections];
  const Connection* owner_ = nullptr;  ///< the owner of the buffer
  size_t begin_ = 0;                   ///< the place of the bytes in the buffer that TCP has not taken
  size_t end_ = 0;
  char output_[kOutput];
};

}  // namespace pb
