#pragma once

#include "core/text_writer.h"
#include "core/time.h"
#include "features/ocpp_message/frame.h"

namespace pb {

/// Retries of a transaction message (OCPP 1.6 section 9.1, TransactionMessageAttempts and -RetryInterval).
struct TransactionRetries {
  uint32_t attempts = 3;
  Millis interval = 60'000;
};

/// The attempts to send one message: their message ids, and the earliest time of the next one.
class Attempts {
 public:
  /// Starts over for another message at the front.
  void reset() { *this = Attempts(); }

  /// The message id of the next attempt. OCPP-J 1.6 section 4.1.4 forbids to use an id twice on one connection. On the
  /// next connection the same id lets the CSMS recognize a message that it already has.
  /// @param base the id of the message's first attempt
  MessageId next_id(Text base) {
    base_.assign(base);
    char text[kMaxMessageId];
    TextWriter writer(text);
    writer.append(base);
    if (sendings_ > 0) writer.append_all('-', sendings_ + 1);
    next_.assign(writer.text());
    return next_;
  }
  /// Notes that the message was sent with the last id of next_id(). Until then an attempt has not begun, so that the
  /// first message that the CSMS gets on a connection has the base id.
  void sent() {
    ++sendings_;
    in_flight_ = next_;
  }
  /// True for the id of any attempt to send the message.
  bool is_of(Text id) const { return is_of(base_.text(), id); }
  /// @param base the id of a message's first attempt  @return whether `id` is that of any of its attempts
  static bool is_of(Text base, Text id) {
    if (base.empty() || id.length < base.length || Text(id.data, base.length) != base) return false;
    return id.length == base.length || id.data[base.length] == '-';
  }

  /// True for the id of the last attempt, until it fails or the connection is lost.
  bool is_in_flight(Text id) const { return !in_flight_.empty() && in_flight_.text() == id; }

  /// Notes a timeout: a late answer may still come on the same connection.
  void timed_out() { may_be_answered_ = true; }
  /// Whether an answer to any attempt on this connection may still come.
  bool may_be_answered() const { return may_be_answered_; }
  /// Whether the message was sent on this connection.
  bool is_sent() const { return sendings_ > 0; }

  /// Counts a failed attempt: an error, or no answer. @return whether another attempt is allowed.
  bool failed(const TransactionRetries& retries, Millis now) {
    in_flight_.clear();
    if (++failed_ >= retries.attempts) return false;
    pause_ = retries.interval * failed_;
    retry_at_ = now + pause_;
    return true;
  }
  /// Allows the next attempt at once, on the next connection.
  void on_disconnected() {
    in_flight_.clear();
    may_be_answered_ = false;
    sendings_ = 0;
    retry_at_ = 0;
  }

  bool may_send(Millis now) const { return now >= retry_at_; }
  /// The pause after the last failed attempt, in ms.
  Millis pause() const { return pause_; }
  /// The end of the pause; kNever without a pause.
  Millis next_due() const { return retry_at_ > 0 ? retry_at_ : kNever; }

 private:
  MessageId base_;
  MessageId next_;
  MessageId in_flight_;
  uint32_t failed_ = 0;    // attempts that were answered with an error or not at all
  uint32_t sendings_ = 0;  // the number of sendings on this connection
  bool may_be_answered_ = false;
  Millis pause_ = 0;
  Millis retry_at_ = 0;
};

}  // namespace pb
