#pragma once

#include "core/json_reader.h"
#include "core/json_writer.h"
#include "features/logging/logger.h"
#include "features/ocpp_message/frame.h"
#include "features/websocket/connection.h"
#include "port/rng.h"
#include "runtime/feature.h"

namespace pb {

/// Why a request got no result.
enum class CallFailure : uint8_t {
  refused,       // the CSMS answered with a CALLERROR
  malformed,     // the answer is no object
  timed_out,     // no answer in time
  disconnected,  // the connection was lost first
  dropped,       // made room for newer requests
};

const char* name_of(CallFailure failure);

/// Hears how a request of the charge point ended: exactly one of on_result and on_failure, once.
class CallListener {
 public:
  /// @param tag what the caller gave to call()  @param payload an object, valid during the call
  virtual void on_result(uint32_t tag, JsonValue payload, Millis now) = 0;
  virtual void on_failure(uint32_t tag, CallFailure failure, Millis now) = 0;
  /// A result has come for a request that has timed out before, at most once.
  virtual void on_late_result(uint32_t tag, JsonValue payload, Millis now) = 0;

 protected:
  ~CallListener() = default;
};

/// Waiting requests go out by age, transaction messages too, so that the CSMS sees things in their order.
enum class Priority : uint8_t {
  boot,  // goes before the CSMS has accepted us: BootNotification, and what the CSMS triggers while it is Pending
  user,  // somebody stands at the charge point and waits: transaction messages from offline times stand back
  normal,
};

/// What a request does when the queue is full.
enum class WhenFull : uint8_t { keep, replaceable };

/// The answer to a request of the CSMS: either a result or an error.
class CallReply {
 public:
  CallReply(Span<char> buffer, Text id) : buffer_(buffer), json_(buffer), id_(id) {
    json_.begin_array().number(3).string(id);
  }
  /// Where the payload of the CALLRESULT goes: write exactly one object.
  JsonWriter& result() {
    written_ = true;
    return json_;
  }
  /// Answers with a CALLERROR; what result() got is forgotten.
  void error(OcppError error, Text description);
  /// The answer comes later, by Messenger::answer, with this id; unless error() is called after all.
  Text defer() {
    deferred_ = true;
    return id_;
  }

  bool is_deferred() const { return deferred_ && !is_error_; }
  /// The whole frame; an InternalError when the result did not fit or was never given.
  Text finish();

 private:
  Span<char> buffer_;
  JsonWriter json_;
  Text id_;
  bool written_ = false;
  bool is_error_ = false;
  bool deferred_ = false;
};

/// Answers the requests of the CSMS.
class CallHandler {
 public:
  /// Whether requests may be answered now, be it with a CALLERROR.
  virtual bool may_answer() const = 0;
  virtual void on_call(Text action, JsonValue payload, CallReply& reply, Millis now) = 0;

 protected:
  ~CallHandler() = default;
};

/// Requests that outlive a restart: the transaction messages. They stand in one line, of which only the front is sent.
class DurableCalls {
 public:
  enum class Front : uint8_t {
    none,     // nothing to send, or not yet: see next_due()
    storing,  // is being stored; younger requests wait for it, so that the CSMS sees things in their order
    ready,
  };

  /// @param queued_at when the front came into being, to be compared with the age of other requests
  virtual Front front(Millis now, Millis& queued_at) = 0;
  /// Writes the payload of the front, and its id and action. @return false when it cannot be read: then front() has
  /// moved on.
  virtual bool write_front(JsonWriter& payload, MessageId& id, Text& action, Millis now) = 0;
  /// An answer has come for a message of this line, perhaps after its time. @return false when it belongs to none, or
  /// refuses an attempt that has failed already.
  virtual bool on_result(Text id, JsonValue payload, Millis now) = 0;
  /// @param problem what is wrong with the answer, for people: of a CALLERROR code and description
  virtual bool on_error(Text id, Text problem, Millis now) = 0;
  /// The front was sent, and this happened instead of an answer.
  virtual void on_timeout(Millis now) = 0;
  virtual void on_disconnected(Millis now) = 0;
  virtual Millis next_due() const = 0;
  virtual size_t size() const = 0;

 protected:
  ~DurableCalls() = default;
};

/// OCPP-J 1.6 section 4: requests and answers over one connection. At most one request of ours is unanswered at any
/// time; requests of the CSMS are answered at once, or when what they ask for has been done.
class Messenger final : public Feature, private ConnectionListener {
 public:
  static constexpr size_t kMaxWaiting = 10;
  static constexpr size_t kMaxPayload = 512;
  static constexpr size_t kMaxFrame = 4096;
  /// Of a transaction message: what a frame leaves beside id and action.
  static constexpr size_t kMaxDurablePayload = kMaxFrame - 96;
  static_assert(kMaxFrame <= WsProtocol::kMaxSentMessage, "the connection takes each frame");
  static constexpr Millis kCallTimeout = 30'000;
  /// Requests that have timed out and whose answers are still taken: those of the last four minutes at least.
  static constexpr size_t kMaxOverdue = 8;

  /// Hears about the connection itself.
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

  /// Queues a request. Offline nothing is queued: what must survive that is a matter of DurableCalls, the rest is out
  /// of date when the link is back.
  /// @param payload JSON, copied  @return false, without a call of the listener, when offline, full or too long
  bool call(const char* action, Text payload, CallListener& listener, uint32_t tag, Priority priority, WhenFull full,
            Millis now);

  /// Gives the answer that CallReply::later promised. Only on the connection that the request came by.
  /// @param payload JSON, one object
  void answer(Text id, Text payload);

  /// Until the gate is open only requests of Priority::boot go out.
  void open_gate(bool open) { gate_open_ = open; }
  bool gate_open() const { return gate_open_; }
  bool online() const { return online_; }
  /// Requests that wait or are unanswered, the durable ones too.
  size_t queued() const { return waiting_ + (outstanding_ == Outstanding::request ? 1 : 0) + durable_.size(); }
  /// Whether a request would be taken without another one being dropped for it.
  bool has_room() const { return waiting_ < kMaxWaiting; }
  /// Requests of the charge point that were dropped because the queue was full, since the start.
  uint32_t dropped() const { return dropped_; }

  const char* name() const override { return "ocpp_message"; }
  Millis poll(Millis now) override;

 private:
  struct Request {
    const char* action = "";
    FixedText<kMaxPayload> payload;
    CallListener* listener = nullptr;
    uint32_t tag = 0;
    Priority priority = Priority::normal;
    WhenFull full = WhenFull::keep;
    Millis queued_at = 0;
  };
  enum class Outstanding : uint8_t { none, request, durable };
  /// A request that has timed out.
  struct Overdue {
    MessageId id;
    const char* action = "";
    CallListener* listener = nullptr;
    uint32_t tag = 0;
  };

  void on_connected(Millis now) override;
  void on_message(Text message, Millis now) override;
  void on_long_message(Text beginning, Millis now) override;
  void on_disconnected(Millis now) override;

  void take(const OcppFrame& frame, Millis now);
  void on_answer(const OcppFrame& frame, Millis now);
  /// @return false when it answers no request that has timed out.
  bool on_late_answer(const OcppFrame& frame, Text problem, Millis now);
  void note_overdue();
  void answer_call(const OcppFrame& frame, Millis now);
  void answer_bad_call(const OcppFrame& frame);
  void send_next(Millis now);
  bool send_call(Text id, Text action, Text payload, Millis now);
  void send_durable(Millis now);
  void send_request(size_t index, Millis now);
  bool make_room(Millis now);
  void take_out(size_t index, Request& request);
  /// Index of the request that goes next, kMaxWaiting when there is none.
  size_t next_request() const;
  bool somebody_waits() const;
  void fail_outstanding(CallFailure failure, Millis now);

  Connection& connection_;
  DurableCalls& durable_;
  Logger& log_;
  CallHandler* handler_ = nullptr;
  LinkListener* link_ = nullptr;
  uint32_t id_prefix_;
  uint32_t next_id_ = 1;
  uint32_t dropped_ = 0;
  bool online_ = false;
  bool gate_open_ = false;

  Request requests_[kMaxWaiting];  // oldest first
  size_t waiting_ = 0;

  Outstanding outstanding_ = Outstanding::none;
  Request sent_;
  MessageId sent_id_;
  Millis answer_deadline_ = kNever;
  Overdue overdue_[kMaxOverdue];  // oldest first; of this connection, because no answer can come by another one
  size_t overdue_count_ = 0;

  char frame_[kMaxFrame] = {};
};

}  // namespace pb
