#include "features/transactions/outbox.h"

#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "tx";

}  // namespace

DurableCalls::Front Outbox::front(Millis now, Millis& queued_at) {
  if (!times_.known()) return Front::none;
  while (WaitingMessage* entry = queue_.front()) {
    if (entry->kind != WaitingMessage::Kind::start && entry->transaction != 0 &&
        entry->transaction != ledger_.now().started) {
      drop_file(*entry, "its StartTransaction got no transactionId", now);
      continue;
    }
    if (held_until_ != 0 && attempts_.is_sent() && now >= held_until_) {
      drop_message(*entry, "no late answer", now);
      continue;
    }
    queued_at = entry->queued_at;
    if (!entry->is_secured() || !can_read(*entry) || !queue_.settle(*entry, times_)) return Front::storing;
    // A call that was sent on an earlier connection gets no answer on this one. So a held message is sent again, once
    // on each connection.
    const bool may_send = held_until_ != 0 ? !attempts_.is_sent() : attempts_.may_send(now);
    return may_send ? Front::ready : Front::none;
  }
  return Front::none;
}

bool Outbox::settle_front() {
  WaitingMessage* entry = queue_.front();
  return entry != nullptr && times_.is_final() && entry->is_secured() && can_read(*entry) &&
         queue_.settle(*entry, times_);
}

/// The flash is not read while a storage job runs: the message then waits for the end of the job.
bool Outbox::can_read(const WaitingMessage& entry) const {
  return queue_.can_read(entry) && (!entry.has_data || data_.can_find(entry.transaction));
}

bool Outbox::write_front(JsonWriter& payload, MessageId& id, Text& action, Millis now) {
  WaitingMessage* entry = queue_.front();
  if (entry == nullptr) return false;
  char text[kMaxMessageId];
  TextWriter base(text);
  if (!write(payload, base, *entry)) {
    drop_file(*entry, "its file is damaged", now);
    return false;
  }
  id = attempts_.next_id(base.text());
  action = entry->action();
  if (entry->queued_at > now) entry->queued_at = now;
  return payload.ok();
}

/// Writes payload and id of a message. @return false when its file is damaged.
bool Outbox::write(JsonWriter& payload, TextWriter& id, WaitingMessage& entry) {
  const int64_t transaction_id = ledger_.now().transaction_id;
  if (entry.is_batch()) {
    if (!queue_.read(entry, scratch_) || entry.sent >= scratch_.count()) return false;
    id.append_all(Hex{scratch_.nonce, 8}, '-', entry.sequence, '.', entry.sent);
    if (!entry.is_settled()) scratch_.settle(entry.sent, times_);
    payloads_.write_sample(payload, scratch_, entry.sent, time_to_send(entry, scratch_[entry.sent].stamp),
                           entry.transaction != 0 ? &transaction_id : nullptr);
    return true;
  }
  Record record;
  if (!queue_.read_or_restore(entry, record)) return false;
  sent_id_tag_ = record.id_tag;
  sent_nonce_ = record.nonce;
  id.append_all(Hex{record.nonce, 8}, '-', record.sequence);
  if (!entry.is_settled()) times_.settle(record.stamp);
  const UnixMillis timestamp = time_to_send(entry, record.stamp);
  if (record.type == Record::Type::start) {
    payloads_.write_start(payload, record, timestamp);
  } else {
    payloads_.write_stop(payload, record, ledger_.now().start_sent_ms, timestamp, transaction_id,
                         data_.find(record.transaction, scratch_));
  }
  return true;
}

/// Returns the later of two times: the time of the message, and the last timestamp that the CSMS has of this
/// transaction, from any boot. The clock may have been set back in between. For a start whose time is guessed, the
/// second time is the end of the previous transaction.
UnixMillis Outbox::time_to_send(const WaitingMessage& entry, const Stamp& stamp) {
  const UnixMillis before = ledger_.now().last_sent_ms;
  const bool continues = entry.transaction != 0 && (entry.kind != WaitingMessage::Kind::start || !stamp.from_csms);
  return sent_time_ = continues && stamp.wall_ms < before ? before : stamp.wall_ms;
}

bool Outbox::on_result(Text id, JsonValue payload, Millis now) {
  WaitingMessage* entry = queue_.front();
  if (entry == nullptr || !attempts_.is_of(id)) return false;
  const bool is_start = entry->kind == WaitingMessage::Kind::start;
  const uint32_t transaction = entry->transaction;
  IdTagInfo info;
  if (!entry->is_batch()) info = take_id_tag_info(payload);
  const bool is_attempt = attempts_.is_in_flight(id);
  const bool is_done = !is_start || take_transaction_id(transaction, payload);
  if (is_done) {
    if (entry->kind == WaitingMessage::Kind::stop) note_stopped(transaction);
    acknowledge(*entry);
  } else if (is_attempt) {
    failed_attempt("an answer without an integer transactionId", now);
  }
  // An answer without a transactionId may still have an idTagInfo that rejects the idTag. If both are missing, the next
  // attempt decides.
  if (is_start && (is_done || is_given(payload.find("idTagInfo")))) starts_.on_start_answered(transaction, info, now);
  return is_done || is_attempt;
}

/// A CSMS that does not recognize a resent StartTransaction opens a transaction for each attempt. The charge keeps the
/// id of the first answer, and every other transaction is ended without energy, so that the charge is billed once.
bool Outbox::on_stray_result(Text id, JsonValue payload, Millis now) {
  char bytes[kMaxMessageId];
  TextWriter base(bytes);
  base.append_all(Hex{finished_start_.nonce, 8}, '-', finished_start_.sequence);
  int64_t surplus_id = 0;
  if (finished_start_.sequence == 0 || !Attempts::is_of(base.text(), id) ||
      !read_integer(payload.find("transactionId"), surplus_id) || surplus_id == ledger_.now().transaction_id ||
      surplus_id == finished_start_.surplus_id) {
    return false;
  }
  finished_start_.surplus_id = surplus_id;
  log_.error(kTag, "the CSMS has opened the surplus transaction ", surplus_id, " for StartTransaction ",
             finished_start_.sequence, ": it is ended without energy");
  Record stop;
  stop.energy_wh = finished_start_.energy_wh;
  stop.reason = StopReason::other;
  char buffer[192];
  JsonWriter json(buffer);
  payloads_.write_stop(json, stop, finished_start_.time, finished_start_.time, surplus_id, nullptr);
  if (surplus_listener_ != nullptr) surplus_listener_->on_surplus_transaction(json.text(), now);
  return true;
}

bool Outbox::take_transaction_id(uint32_t transaction, JsonValue payload) {
  int64_t transaction_id = 0;
  if (!read_integer(payload.find("transactionId"), transaction_id)) return false;
  ledger_.now().started = transaction;
  ledger_.now().transaction_id = transaction_id;
  ledger_.touch();
  log_.info(kTag, "transaction ", transaction, " has the id ", transaction_id);
  return true;
}

/// Reads idTagInfo, and passes it to the listener if the answer has one.
IdTagInfo Outbox::take_id_tag_info(JsonValue payload) {
  const JsonValue json = payload.find("idTagInfo");
  IdTagInfo info;
  if (!is_given(json)) return info;
  info.read(json, log_);
  if (id_tag_listener_ != nullptr && !sent_id_tag_.empty()) {
    id_tag_listener_->on_id_tag_info(sent_id_tag_.text(), info);
  }
  return info;
}

bool Outbox::on_error(Text id, Text problem, Millis now) {
  // Ignore a late CALLERROR: its attempt has already failed by the timeout.
  WaitingMessage* entry = queue_.front();
  if (entry == nullptr || !attempts_.is_in_flight(id)) return false;
  // If the CSMS does not support MeterValues, retries would delay the StopTransaction behind them by minutes for each
  // sample.
  if (entry->is_batch() && (starts_with(problem, "NotImplemented") || starts_with(problem, "NotSupported"))) {
    drop_message(*entry, problem, now);
  } else {
    failed_attempt(problem, now);
  }
  return true;
}

void Outbox::on_timeout(Millis now) {
  attempts_.timed_out();
  failed_attempt("no answer in time", now);
}

void Outbox::on_disconnected(bool is_refused, Millis now) {
  attempts_.on_disconnected();
  finished_start_ = FinishedStart();
  if (!is_refused) return;
  // A held message has had all its attempts. It is sent once on each connection until its time is over.
  if (held_until_ == 0) return failed_attempt("the connection was closed instead of an answer", now);
  if (now >= held_until_) drop_message(*queue_.front(), "no late answer, and the connection was closed", now);
}

void Outbox::failed_attempt(Text cause, Millis now) {
  WaitingMessage* entry = queue_.front();
  if (entry == nullptr) return;
  if (!attempts_.failed(retries_, now)) {
    if (entry->kind == WaitingMessage::Kind::start && attempts_.may_be_answered()) return hold(*entry, cause, now);
    return drop_message(*entry, cause, now);
  }
  log_.warning(kTag, entry->action(), " ", entry->sequence, ": ", cause, "; next attempt in ", attempts_.pause(),
               " ms");
}

/// Waits for a late answer: the CSMS may have opened the transaction, which can be stopped only by the id in that
/// answer.
void Outbox::hold(const WaitingMessage& entry, Text cause, Millis now) {
  if (held_until_ != 0) return;
  held_until_ = now + kHold;
  log_.error(kTag, "StartTransaction ", entry.sequence, " failed: ", cause, "; waiting ", kHold / 1000,
             " s for a late answer");
  starts_.on_start_given_up(entry.transaction, now);
}

bool Outbox::is_holding(uint32_t transaction) const {
  const WaitingMessage* entry = queue_.front();
  return held_until_ != 0 && entry != nullptr && entry->transaction == transaction;
}

void Outbox::drop_message(WaitingMessage& entry, Text cause, Millis now) {
  queue_.count_lost(1);
  log_.error(kTag, entry.action(), " ", entry.sequence, " is dropped: ", cause);
  if (entry.kind == WaitingMessage::Kind::stop) note_stopped(entry.transaction);
  const bool was_held = held_until_ != 0;
  acknowledge(entry);
  if (entry.kind == WaitingMessage::Kind::start && !was_held) starts_.on_start_given_up(entry.transaction, now);
}

/// The ledger has to show that the transaction is over, because after the removal of the file the next boot finds this
/// nowhere else.
void Outbox::note_stopped(uint32_t transaction) {
  ledger_.now().stopped = transaction;
  ledger_.touch();
}

void Outbox::drop_file(WaitingMessage& entry, Text cause, Millis now) {
  if (entry.is_batch() && entry.count > 0) {
    queue_.count_lost(entry.count - entry.sent - 1u);
    entry.sent = static_cast<uint8_t>(entry.count - 1);
  }
  drop_message(entry, cause, now);
}

/// Finishes the message at the front, after its answer or because it is dropped.
void Outbox::acknowledge(WaitingMessage& entry) {
  Ledger& ledger = ledger_.now();
  if (sent_time_ != 0 && entry.transaction != 0) ledger.last_sent_ms = entry.last_sent_ms = sent_time_;
  if (sent_time_ != 0 && entry.kind == WaitingMessage::Kind::start) {
    ledger.start_sent_ms = sent_time_;
    finished_start_ = {entry.sequence, sent_nonce_, entry.energy_wh, sent_time_, 0};
  }
  sent_time_ = 0;
  if (entry.is_batch()) {
    ledger.batch = entry.sequence;
    ledger.batch_sent = ++entry.sent;
  }
  if (entry.is_batch() && entry.sent < entry.count) {
    ledger_.touch();
  } else {
    queue_.finish(entry);
  }
  attempts_.reset();
  held_until_ = 0;
}

Millis Outbox::next_due() const {
  if (queue_.front() == nullptr) return kNever;
  return held_until_ != 0 ? held_until_ : attempts_.next_due();
}

size_t Outbox::size() const { return queue_.waiting(); }

}  // namespace pb
