#pragma once

#include "core/text_writer.h"
#include "core/time.h"
#include "features/ocpp_message/frame.h"

namespace pb {

/// How OCPP 1.6 wants refused transaction messages repeated (section 9.1, TransactionMessageAttempts and
/// -RetryInterval).
struct TransactionRetries {
  uint32_t attempts = 3;
  Millis interval = 60'000;
};

/// The attempts to get one message through: the ids that it is sent with, and when it may be sent again.
class Attempts {
 public:
  /// Another message is at the front.
  void reset() { *this = Attempts(); }

  /// The id of the next sending. On one connection no id may be used twice (OCPP-J 1.6 section 4.1.4); on the next one
  /// the same id tells the CSMS that it has the message already.
  /// @param base the message's own id
  MessageId next_id(Text base) {
    base_.assign(base);
    char text[kMaxMessageId];
    TextWriter writer(text);
    writer.append(base);
    if (sendings_ > 0) writer.append_all('-', sendings_ + 1);
    ++sendings_;
    under_way_.assign(writer.text());
    return under_way_;
  }
  /// True for the id of any sending of the message.
  bool is_of(Text id) const {
    const Text base = base_.text();
    if (base.empty() || id.length < base.length || Text(id.data, base.length) != base) return false;
    return id.length == base.length || id.data[base.length] == '-';
  }

  /// True for the id of the last sending, while it has neither failed nor been lost with its connection.
  bool is_under_way(Text id) const { return !under_way_.empty() && under_way_.text() == id; }

  /// No answer came in time: it may come later, as long as the connection lasts.
  void timed_out() { may_be_answered_ = true; }
  /// Whether an answer to any sending on this connection may still come.
  bool may_be_answered() const { return may_be_answered_; }
  /// Whether it was sent on this connection.
  bool is_sent() const { return sendings_ > 0; }

  /// The message was refused, or not answered. @return whether it may be tried once more.
  bool failed(const TransactionRetries& retries, Millis now) {
    under_way_.clear();
    if (++failed_ >= retries.attempts) return false;
    pause_ = retries.interval * failed_;
    retry_at_ = now + pause_;
    return true;
  }
  /// The connection is lost: on the next one it may be sent at once.
  void on_disconnected() {
    under_way_.clear();
    may_be_answered_ = false;
    sendings_ = 0;
    retry_at_ = 0;
  }

  bool may_send(Millis now) const { return now >= retry_at_; }
  /// How long the last failed attempt lets the next one wait.
  Millis pause() const { return pause_; }
  /// When it may be sent again, kNever when it may already.
  Millis next_due() const { return retry_at_ > 0 ? retry_at_ : kNever; }

 private:
  MessageId base_;
  MessageId under_way_;
  uint32_t failed_ = 0;    // attempts that were refused or not answered
  uint32_t sendings_ = 0;  // on this connection
  bool may_be_answered_ = false;
  Millis pause_ = 0;
  Millis retry_at_ = 0;
};

}  // namespace pb
