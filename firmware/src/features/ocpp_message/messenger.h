#pragma once

#include "core/json_reader.h"
#include "core/json_writer.h"
#include "core/latency_histogram.h"
#include "features/logging/logger.h"
#include "features/ocpp_message/frame.h"
#include "features/ocpp_message/message_schemas.h"
#include "features/websocket/connection.h"
#include "port/rng.h"
#include "runtime/feature.h"

namespace pb {

/// The reason why a request got no result.
enum class CallFailure : uint8_t {
  rejected,      // the CSMS answered with a CALLERROR
  malformed,     // the payload is no object
  timed_out,     // no answer in time
  disconnected,  // the connection was lost before the answer
  refused,       // the CSMS has closed the connection instead of an answer
  dropped,       // removed from the full queue for a newer request
};

const char* name_of(CallFailure failure);

/// Receives the result of a request of the charge point: exactly one call of on_result or on_failure.
class CallListener {
 public:
  /// @param tag the tag that was given to call()  @param payload an object, valid during the call
  virtual void on_result(uint32_t tag, JsonValue payload, Millis now) = 0;
  virtual void on_failure(uint32_t tag, CallFailure failure, Millis now) = 0;
  /// A result has arrived for a request that has already timed out; called at most once per request.
  virtual void on_late_result(uint32_t tag, JsonValue payload, Millis now) = 0;

 protected:
  ~CallListener() = default;
};

/// Pending requests are sent by age, together with transaction messages, so that the CSMS gets them in order.
enum class Priority : uint8_t {
  boot,  // sent before the CSMS accepts the charge point: BootNotification, and messages triggered while Pending
  user,  // a person waits: sent before older transaction messages
  normal,
};

/// How the messenger treats a request when the queue is full.
enum class WhenFull : uint8_t { keep, replaceable };

/// The answer to a request of the CSMS: either a result or an error.
class CallReply {
 public:
  CallReply(Span<char> buffer, Text id) : buffer_(buffer), json_(buffer), id_(id) {
    json_.begin_array().number(3).string(id);
    head_ = json_.text().length;
  }
  /// Writes the payload of the CALLRESULT: exactly one object.
  JsonWriter& result() {
    written_ = true;
    return json_;
  }
  /// Answers with a CALLERROR; the payload of result() is discarded.
  void error(OcppError error, Text description);
  /// Defers the answer, which Messenger::answer then sends with this id, unless error() is called later.
  Text defer() {
    deferred_ = true;
    return id_;
  }

  bool is_deferred() const { return deferred_ && !is_error_; }
  /// The whole frame; an InternalError when the result is too long or missing.
  Text finish();
  /// The payload of a finished result; empty for a CALLERROR.
  Text payload() const;

 private:
  Span<char> buffer_;
  JsonWriter json_;
  Text id_;
  size_t head_ = 0;  // bytes of the frame before the payload and its comma
  bool written_ = false;
  bool is_error_ = false;
  bool deferred_ = false;
};

/// Answers the requests of the CSMS.
class CallHandler {
 public:
  /// Whether requests may be answered now, also with a CALLERROR.
  virtual bool may_answer() const = 0;
  virtual void on_call(Text action, JsonValue payload, CallReply& reply, Millis now) = 0;

 protected:
  ~CallHandler() = default;
};

/// Requests that survive a restart: the transaction messages. They are a queue, of which only the front is sent.
class DurableCalls {
 public:
  enum class Front : uint8_t {
    none,     // nothing to send, or not yet: see next_due()
    storing,  // the front is being stored; younger requests wait, so that the CSMS gets all in order
    ready,
  };

  /// @param queued_at when the front was created, for comparison with the age of other requests
  virtual Front front(Millis now, Millis& queued_at) = 0;
  /// Writes payload, id and action of the front. @return false when it cannot be read; front() is then the next
  /// message.
  virtual bool write_front(JsonWriter& payload, MessageId& id, Text& action, Millis now) = 0;
  /// The front was sent as last written. Without this call it was only written: the output of the connection is full.
  virtual void on_sent() = 0;
  /// Receives an answer, perhaps a late one. @return false when it belongs to no message of this queue, or is an error
  /// for an attempt that has already failed.
  virtual bool on_result(Text id, JsonValue payload, Millis now) = 0;
  /// Receives a result that belongs to no message of this queue. @return whether it is of use.
  virtual bool on_stray_result(Text id, JsonValue payload, Millis now) = 0;
  /// @param problem a description of the error: code and description of a CALLERROR
  virtual bool on_error(Text id, Text problem, Millis now) = 0;
  /// The front was sent and got no answer for this reason.
  virtual void on_timeout(Millis now) = 0;
  /// @param is_refused a Close frame has ended the connection because of the front, which was in flight
  virtual void on_disconnected(bool is_refused, Millis now) = 0;
  virtual Millis next_due() const = 0;
  virtual size_t size() const = 0;

 protected:
  ~DurableCalls() = default;
};

/// Requests and answers on one connection (OCPP-J 1.6 section 4). At most one request of the device is in flight.
/// Requests of the CSMS are answered at once, or when the requested action is done.
class Messenger final : public Feature, private ConnectionListener {
 public:
  static constexpr size_t kMaxWaiting = 10;
  static constexpr size_t kMaxPayload = 512;
  static constexpr size_t kMaxFrame = 4096;
  /// Limit of a transaction message: a frame without id and action.
  static constexpr size_t kMaxDurablePayload = kMaxFrame - 96;
  static_assert(kMaxFrame <= WsProtocol::kMaxSentMessage, "every frame fits into a message of the connection");
  static constexpr Millis kCallTimeout = 30'000;
  /// Timed-out requests whose answers are still accepted: at least the requests of the last four minutes.
  static constexpr size_t kMaxOverdue = 8;

  /// Receives the state of the connection.
  class LinkListener {
   public:
    virtual void on_online(Millis now) = 0;
    virtual void on_offline(Millis now) = 0;

   protected:
    ~LinkListener() = default;
  };

  Messenger(Connection& connection, DurableCalls& durable, Rng& rng, Logger& log)
      : connection_(connection), durable_(durable), log_(log), id_prefix_(rng.next()) {
    connection_.set_listener(*this);
  }

  void set_handlers(CallHandler& calls, LinkListener& link) {
    handler_ = &calls;
    link_ = &link;
  }

  /// Queues a request, but not while offline: DurableCalls has the requests that must survive a disconnect, and all
  /// others would be outdated on the next connection.
  /// @param payload JSON, copied  @return false, without a call of the listener, when offline, full or too long
  bool call(const char* action, Text payload, CallListener& listener, uint32_t tag, Priority priority, WhenFull full,
            Millis now);

  /// Sends an answer deferred by CallReply::defer. Call it only on the connection of the request.
  /// @param action of the request  @param payload JSON, one object
  void answer(Text id, Text action, Text payload);

  /// Until the gate is open only requests of Priority::boot are sent.
  void open_gate(bool open) { gate_open_ = open; }
  bool gate_open() const { return gate_open_; }
  bool online() const { return online_; }
  /// The times from a request to its answer, of answers in time.
  const LatencyHistogram& call_times() const { return call_times_; }
  /// Number of requests that are pending or in flight, including durable ones.
  size_t queued() const { return waiting_ + (outstanding_ == Outstanding::request ? 1 : 0) + durable_.size(); }
  /// Whether a request can be queued without dropping another request.
  bool has_room() const { return waiting_ < kMaxWaiting; }
  /// Requests of the charge point that were dropped from the full queue since the boot.
  uint32_t dropped() const { return dropped_; }

  MessageSchemas& schemas() { return schemas_; }
  /// Since the boot: the messages of the charge point, and the answers of the CSMS, that violated their schema.
  uint32_t invalid_sent() const { return invalid_sent_; }
  uint32_t invalid_answers() const { return invalid_answers_; }

  const char* name() const override { return "ocpp_message"; }
  Millis poll(Millis now) override;

 private:
  /// The part of a request that its answer needs.
  struct Call {
    const char* action = "";
    CallListener* listener = nullptr;
    uint32_t tag = 0;
    uint32_t number = 0;  ///< the number in the message id of a sent request
  };
  struct Request : Call {
    FixedText<kMaxPayload> payload;
    Priority priority = Priority::normal;
    WhenFull full = WhenFull::keep;
    Millis queued_at = 0;
  };
  enum class Outstanding : uint8_t { none, request, durable };

  void on_connected(Millis now) override;
  void on_message(Text message, Millis now) override;
  void on_long_message(Text beginning, Millis now) override;
  void on_disconnected(Millis now) override;

  void take(const OcppFrame& frame, Millis now);
  void on_answer(const OcppFrame& frame, Millis now);
  /// @return false when the answer does not belong to a timed-out request.
  bool on_late_answer(const OcppFrame& frame, Text problem, Millis now);
  void note_overdue();
  void answer_call(const OcppFrame& frame, Millis now);
  void answer_bad_call(const OcppFrame& frame);
  void send_next(Millis now);
  bool send_call(Text id, Text action, Text payload, Millis now);
  void send_durable(Millis now);
  void send_request(size_t index, Millis now);
  bool make_room(Millis now);
  Call dequeue(size_t index);
  /// Writes the message id of a request. @param into at least kMaxMessageId bytes
  Text id_of(uint32_t number, Span<char> into) const;
  /// Index of the request to send next; kMaxWaiting if there is none.
  size_t next_request() const;
  bool has_user_request() const;
  void fail_outstanding(CallFailure failure, Millis now);
  /// Counts and logs a message of the charge point that violates its schema.
  void check_sent(Text action, MessageKind kind, Text payload);
  /// Counts and logs an answer of the CSMS that violates its schema. Its readable fields are used nevertheless.
  void check_answer(Text action, JsonValue payload);

  Connection& connection_;
  DurableCalls& durable_;
  Logger& log_;
  CallHandler* handler_ = nullptr;
  LinkListener* link_ = nullptr;
  uint32_t id_prefix_;
  uint32_t next_id_ = 1;
  uint32_t dropped_ = 0;
  uint32_t invalid_sent_ = 0;
  uint32_t invalid_answers_ = 0;
  MessageSchemas schemas_;
  bool online_ = false;
  bool gate_open_ = false;

  Request requests_[kMaxWaiting];  // oldest first
  size_t waiting_ = 0;

  Outstanding outstanding_ = Outstanding::none;
  Call sent_;
  MessageId sent_id_;
  Text durable_action_;  // the action of the durable request in flight: a literal
  Millis answer_deadline_ = kNever;
  LatencyHistogram call_times_;
  // Requests of this connection that have timed out, oldest first. A later connection cannot bring their answers.
  Call overdue_[kMaxOverdue];
  size_t overdue_count_ = 0;

  char frame_[kMaxFrame] = {};
};

}  // namespace pb
