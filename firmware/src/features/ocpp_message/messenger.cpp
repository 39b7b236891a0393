#include "features/ocpp_message/messenger.h"

#include "core/utf8.h"

namespace pb {
namespace {

constexpr Text kTag = "ocpp";
constexpr const char* kTooLong = "the message is longer than ws_message_bytes";

/// Writes the error of an answer, such as code and description of a CALLERROR. @return an empty text for a valid
/// answer.
Text problem_of(const OcppFrame& frame, Span<char> into) {
  if (frame.kind == OcppFrame::Kind::error) {
    TextWriter writer(into);
    writer.append(frame.code.empty() ? Text("a CALLERROR without a code") : frame.code.text());
    // The raw text of the message, so that the error stays on one line.
    if (frame.description.exists()) writer.append_all(" ", frame.description.raw());
    Text text = writer.text();
    while (!is_utf8(text.bytes())) --text.length;  // never cut through a character
    return text;
  }
  if (frame.payload.kind() == JsonKind::object) return {};
  return *frame.reason != '\0' ? frame.reason : "an answer without an object";
}

/// Whether the close code means that the CSMS could not process the message in flight. Going Away, Service Restart and
/// Try Again Later announce an end for another reason. Without a Close frame (0) the network may have ended the
/// connection.
bool refuses_message(uint16_t close_code) {
  return close_code != 0 && close_code != ws_close::kGoingAway && close_code != ws_close::kServiceRestart &&
         close_code != ws_close::kTryAgainLater;
}

}  // namespace

const char* name_of(CallFailure failure) {
  switch (failure) {
    case CallFailure::rejected:
      return "rejected by the CSMS";
    case CallFailure::malformed:
      return "the answer is malformed or too long";
    case CallFailure::timed_out:
      return "no answer in time";
    case CallFailure::disconnected:
      return "the connection was lost";
    case CallFailure::refused:
      return "the connection was closed instead of an answer";
    case CallFailure::dropped:
      return "the queue is full";
  }
  return "unknown";
}

void CallReply::error(OcppError error, Text description) {
  json_ = JsonWriter(buffer_);
  write_call_error(json_, id_, error, description);
  is_error_ = true;
}

Text CallReply::finish() {
  if (!is_error_) {
    json_.end_array();
    if (!written_) {
      error(OcppError::internal_error, "the request was not answered");
    } else if (!json_.ok()) {
      error(OcppError::internal_error, "the answer is too long");
    }
  }
  return json_.text();
}

Text CallReply::payload() const {
  const Text frame = json_.text();
  if (is_error_ || frame.length < head_ + 2) return {};
  return {frame.data + head_ + 1, frame.length - head_ - 2};
}

bool Messenger::call(const char* action, Text payload, CallListener& listener, uint32_t tag, Priority priority,
                     WhenFull full, Millis now) {
  if (!online_ || payload.length > kMaxPayload) return false;
  if (waiting_ == kMaxWaiting && !make_room(now)) {
    ++dropped_;
    log_.warning(kTag, action, " dropped: the queue is full");
    return false;
  }
  Request& request = requests_[waiting_++];
  request.action = action;
  request.payload.assign(payload);
  request.listener = &listener;
  request.tag = tag;
  request.priority = priority;
  request.full = full;
  request.queued_at = now;
  return true;
}

bool Messenger::make_room(Millis now) {
  for (size_t i = 0; i < waiting_; ++i) {
    if (requests_[i].full != WhenFull::replaceable) continue;
    const Call call = dequeue(i);
    ++dropped_;
    log_.warning(kTag, call.action, " dropped: the queue is full");
    call.listener->on_failure(call.tag, CallFailure::dropped, now);
    return waiting_ < kMaxWaiting;
  }
  return false;
}

Messenger::Call Messenger::dequeue(size_t index) {
  const Call call = requests_[index];
  --waiting_;
  for (size_t i = index; i < waiting_; ++i) requests_[i] = requests_[i + 1];
  return call;
}

Text Messenger::id_of(uint32_t number, Span<char> into) const {
  TextWriter writer(into);
  writer.append_all(Hex{id_prefix_, 8}, '-', number);
  return writer.text();
}

Millis Messenger::poll(Millis now) {
  if (!online_) return kNever;
  if (outstanding_ != Outstanding::none && now >= answer_deadline_) fail_outstanding(CallFailure::timed_out, now);
  if (outstanding_ == Outstanding::none) send_next(now);
  if (outstanding_ != Outstanding::none) return answer_deadline_;
  return gate_open_ ? durable_.next_due() : kNever;
}

size_t Messenger::next_request() const {
  for (size_t i = 0; i < waiting_; ++i) {
    if (gate_open_ || requests_[i].priority == Priority::boot) return i;
  }
  return kMaxWaiting;
}

bool Messenger::has_user_request() const {
  for (size_t i = 0; i < waiting_; ++i) {
    if (requests_[i].priority == Priority::user) return true;
  }
  return false;
}

void Messenger::send_next(Millis now) {
  size_t next = next_request();
  Millis queued_at = 0;
  DurableCalls::Front front =
      gate_open_ && !has_user_request() ? durable_.front(now, queued_at) : DurableCalls::Front::none;
  if (front != DurableCalls::Front::none && (next == kMaxWaiting || queued_at <= requests_[next].queued_at)) {
    if (front == DurableCalls::Front::ready) send_durable(now);
    return;
  }
  if (next != kMaxWaiting) send_request(next, now);
}

void Messenger::send_durable(Millis now) {
  // Write the payload behind the space for the frame's head; send_call() moves it.
  JsonWriter json(Span<char>(frame_ + (kMaxFrame - kMaxDurablePayload), kMaxDurablePayload));
  Text action;
  if (!durable_.write_front(json, sent_id_, action, now)) return;
  if (!send_call(sent_id_.text(), action, json.text(), now)) return;
  durable_.on_sent();
  outstanding_ = Outstanding::durable;
  durable_action_ = action;
}

void Messenger::send_request(size_t index, Millis now) {
  char bytes[kMaxMessageId];
  const Text id = id_of(next_id_, bytes);
  if (!send_call(id, requests_[index].action, requests_[index].payload.text(), now)) return;
  sent_id_.assign(id);
  sent_ = dequeue(index);
  sent_.number = next_id_++;
  outstanding_ = Outstanding::request;
}

bool Messenger::send_call(Text id, Text action, Text payload, Millis now) {
  JsonWriter json(frame_);
  write_call(json, id, action, payload);
  // The payload may lie in frame_ and have been moved, so validate it at its place in the frame.
  const size_t head = json.text().length - 1 - payload.length;
  // If the connection's output is full, the call is sent later: the loop is woken when there is room.
  if (!json.ok() || !connection_.send(json.text())) return false;
  answer_deadline_ = now + kCallTimeout;
  log_.debug(kTag, "> ", json.text());
  check_sent(action, MessageKind::request, {json.text().data + head, payload.length});
  return true;
}

void Messenger::on_connected(Millis now) {
  online_ = true;
  link_->on_online(now);
}

void Messenger::on_disconnected(Millis now) {
  online_ = false;
  const bool is_refused = outstanding_ != Outstanding::none && refuses_message(connection_.close_code());
  const bool is_durable = outstanding_ == Outstanding::durable;
  if (outstanding_ != Outstanding::none) {
    fail_outstanding(is_refused ? CallFailure::refused : CallFailure::disconnected, now);
  }
  while (waiting_ > 0) {
    const Call call = dequeue(0);
    call.listener->on_failure(call.tag, CallFailure::disconnected, now);
  }
  overdue_count_ = 0;
  durable_.on_disconnected(is_refused && is_durable, now);
  link_->on_offline(now);
}

void Messenger::fail_outstanding(CallFailure failure, Millis now) {
  Outstanding which = outstanding_;
  outstanding_ = Outstanding::none;
  answer_deadline_ = kNever;
  if (which == Outstanding::request) {
    log_.warning(kTag, sent_.action, ": ", name_of(failure));
    if (failure == CallFailure::timed_out) note_overdue();
    sent_.listener->on_failure(sent_.tag, failure, now);
  } else if (failure == CallFailure::timed_out) {
    durable_.on_timeout(now);
  }
}

void Messenger::note_overdue() {
  if (overdue_count_ == kMaxOverdue) {
    --overdue_count_;
    for (size_t i = 0; i < overdue_count_; ++i) overdue_[i] = overdue_[i + 1];
  }
  overdue_[overdue_count_++] = sent_;
}

void Messenger::on_message(Text message, Millis now) {
  log_.debug(kTag, "< ", message);
  take(read_ocpp_frame(message), now);
}

void Messenger::on_long_message(Text beginning, Millis now) {
  log_.debug(kTag, "< ", beginning, "...");
  take(read_ocpp_frame_beginning(beginning, kTooLong), now);
}

void Messenger::take(const OcppFrame& frame, Millis now) {
  switch (frame.kind) {
    case OcppFrame::Kind::call:
    case OcppFrame::Kind::bad_call:
      if (!handler_->may_answer()) {
        log_.info(kTag, "a request of the CSMS is not answered before it accepts the charge point");
      } else if (frame.kind == OcppFrame::Kind::call) {
        answer_call(frame, now);
      } else {
        answer_bad_call(frame);
      }
      return;
    case OcppFrame::Kind::result:
    case OcppFrame::Kind::error:
      on_answer(frame, now);
      return;
    case OcppFrame::Kind::ignored:
      log_.warning(kTag, "message ignored: ", frame.reason);
      return;
  }
}

void Messenger::answer_call(const OcppFrame& frame, Millis now) {
  CallReply reply(frame_, frame.id.text());
  handler_->on_call(frame.action.text(), frame.payload, reply, now);
  if (reply.is_deferred()) return;
  Text answer = reply.finish();
  if (!connection_.send(answer)) log_.error(kTag, "the answer to ", frame.action.text(), " cannot be sent");
  log_.debug(kTag, "> ", answer);
  check_sent(frame.action.text(), MessageKind::response, reply.payload());
}

void Messenger::answer(Text id, Text action, Text payload) {
  if (!handler_->may_answer()) {
    log_.info(kTag, "a request is not answered: the CSMS has rejected the charge point since");
    return;
  }
  JsonWriter json(frame_);
  write_call_result(json, id, payload);
  if (!online_ || !connection_.send(json.text())) log_.error(kTag, "a deferred answer cannot be sent");
  log_.debug(kTag, "> ", json.text());
  check_sent(action, MessageKind::response, payload);
}

void Messenger::check_sent(Text action, MessageKind kind, Text payload) {
  SchemaViolation violation;
  if (payload.empty() || schemas_.check(action, kind, payload, Formats::checked, violation)) return;
  ++invalid_sent_;
  log_.error(kTag, kind == MessageKind::request ? "a request " : "an answer to ", action,
             " was sent that violates its schema: ", violation.text.text());
}

void Messenger::check_answer(Text action, JsonValue payload) {
  SchemaViolation violation;
  // Formats are not checked here: times are accepted in every format of ISO 8601.
  if (schemas_.check(action, MessageKind::response, payload.raw(), Formats::ignored, violation)) return;
  ++invalid_answers_;
  log_.warning(kTag, "the answer to ", action, " violates its schema: ", violation.text.text());
}

void Messenger::answer_bad_call(const OcppFrame& frame) {
  log_.warning(kTag, "bad request of the CSMS: ", frame.reason);
  JsonWriter json(frame_);
  write_call_error(json, frame.id.text(), frame.error, frame.reason);
  if (!connection_.send(json.text())) log_.error(kTag, "the answer to a bad request cannot be sent");
}

void Messenger::on_answer(const OcppFrame& frame, Millis now) {
  char bytes[320];
  const Text problem = problem_of(frame, bytes);
  if (outstanding_ != Outstanding::none && sent_id_.text() == frame.id.text()) {
    call_times_.add(now - (answer_deadline_ - kCallTimeout));
    if (problem.empty()) {
      check_answer(outstanding_ == Outstanding::request ? Text(sent_.action) : durable_action_, frame.payload);
    }
  }
  if (outstanding_ == Outstanding::request && sent_id_.text() == frame.id.text()) {
    outstanding_ = Outstanding::none;
    answer_deadline_ = kNever;
    if (problem.empty()) {
      sent_.listener->on_result(sent_.tag, frame.payload, now);
      return;
    }
    log_.warning(kTag, sent_.action, " was answered with ", problem);
    const bool is_error = frame.kind == OcppFrame::Kind::error;
    sent_.listener->on_failure(sent_.tag, is_error ? CallFailure::rejected : CallFailure::malformed, now);
    return;
  }
  if (on_late_answer(frame, problem, now)) return;
  bool matches = outstanding_ == Outstanding::durable && sent_id_.text() == frame.id.text();
  bool known = problem.empty() ? durable_.on_result(frame.id.text(), frame.payload, now)
                               : durable_.on_error(frame.id.text(), problem, now);
  // A late answer to an earlier attempt of the same message also ends the attempt in flight.
  if (matches || (known && outstanding_ == Outstanding::durable)) {
    outstanding_ = Outstanding::none;
    answer_deadline_ = kNever;
  }
  if (known || (problem.empty() && durable_.on_stray_result(frame.id.text(), frame.payload, now))) return;
  log_.warning(kTag, "an answer without an open request is ignored: ", frame.id.text());
}

bool Messenger::on_late_answer(const OcppFrame& frame, Text problem, Millis now) {
  size_t index = 0;
  char id[kMaxMessageId];
  while (index < overdue_count_ && id_of(overdue_[index].number, id) != frame.id.text()) ++index;
  if (index == overdue_count_) return false;
  const Call request = overdue_[index];
  --overdue_count_;
  for (size_t i = index; i < overdue_count_; ++i) overdue_[i] = overdue_[i + 1];
  if (problem.empty()) {
    log_.info(kTag, request.action, " was answered late");
    request.listener->on_late_result(request.tag, frame.payload, now);
  } else {
    // The request has failed already, so its listener is not called.
    log_.warning(kTag, request.action, " was answered late with ", problem);
  }
  return true;
}

}  // namespace pb
