#include "features/transactions/outbox.h"

#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "tx";

}  // namespace

DurableCalls::Front Outbox::front(Millis now, Millis& queued_at) {
  if (!times_.known()) return Front::none;
  while (WaitingMessage* entry = line_.front()) {
    if (entry->kind != WaitingMessage::Kind::start && entry->transaction != 0 &&
        entry->transaction != ledger_.now().started) {
      give_up(*entry, "the CSMS never accepted its StartTransaction", now);
      continue;
    }
    if (held_until_ != 0 && attempts_.is_sent() && now >= held_until_) {
      give_up_message(*entry, "no late answer came", now);
      continue;
    }
    queued_at = entry->queued_at;
    if (!entry->is_stored() || !can_read(*entry) || !line_.settle(*entry, times_)) return Front::storing;
    // A new connection brings no answer to what was sent on the last one, so a message that is held is sent once on
    // each.
    const bool may_send = held_until_ != 0 ? !attempts_.is_sent() : attempts_.may_send(now);
    return may_send ? Front::ready : Front::none;
  }
  return Front::none;
}

bool Outbox::settle_front() {
  WaitingMessage* entry = line_.front();
  return entry != nullptr && times_.known() && entry->is_stored() && can_read(*entry) && line_.settle(*entry, times_);
}

/// Nothing is read from flash while a job writes to it: the message waits until that has ended.
bool Outbox::can_read(const WaitingMessage& entry) const {
  return line_.can_read(entry) && (!entry.has_data || data_.can_find(entry.transaction));
}

bool Outbox::write_front(JsonWriter& payload, MessageId& id, Text& action, Millis now) {
  WaitingMessage* entry = line_.front();
  if (entry == nullptr) return false;
  char text[kMaxMessageId];
  TextWriter base(text);
  if (!write(payload, base, *entry)) {
    give_up(*entry, "its file is damaged", now);
    return false;
  }
  id = attempts_.next_id(base.text());
  action = entry->action();
  if (entry->queued_at > now) entry->queued_at = now;
  return payload.ok();
}

/// Writes payload and id of a message. @return false when its file is damaged.
bool Outbox::write(JsonWriter& payload, TextWriter& id, const WaitingMessage& entry) {
  const int64_t transaction_id = ledger_.now().transaction_id;
  if (entry.is_batch()) {
    if (!line_.read(entry, scratch_) || entry.sent >= scratch_.count()) return false;
    id.append_all(Hex{scratch_.nonce, 8}, '-', entry.sequence, '.', entry.sent);
    if (!entry.is_settled()) scratch_.settle(entry.sent, times_);
    payloads_.write_sample(payload, scratch_, entry.sent, time_to_send(entry, scratch_[entry.sent].stamp),
                           entry.transaction != 0 ? &transaction_id : nullptr);
    return true;
  }
  Record record;
  if (!line_.read(entry, record)) return false;
  sent_id_tag_ = record.id_tag;
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

/// Never before the latest one that the CSMS has of the transaction, from whichever boot: a clock may have been set
/// back.
UnixMillis Outbox::time_to_send(const WaitingMessage& entry, const Stamp& stamp) {
  const UnixMillis before = ledger_.now().last_sent_ms;
  const bool goes_on = entry.transaction != 0 && entry.kind != WaitingMessage::Kind::start;
  return sent_time_ = goes_on && stamp.wall_ms < before ? before : stamp.wall_ms;
}

bool Outbox::on_result(Text id, JsonValue payload, Millis now) {
  WaitingMessage* entry = line_.front();
  if (entry == nullptr || !attempts_.is_of(id)) return false;
  const bool is_start = entry->kind == WaitingMessage::Kind::start;
  const uint32_t transaction = entry->transaction;
  IdTagInfo info;
  if (!entry->is_batch()) info = take_id_tag_info(payload);
  const bool is_attempt = attempts_.is_under_way(id);
  const bool is_done = !is_start || take_transaction_id(transaction, payload);
  if (is_done) {
    if (entry->kind == WaitingMessage::Kind::stop) note_stopped(transaction);
    acknowledge(*entry);
  } else if (is_attempt) {
    failed_attempt("an answer without a transactionId that is an integer", now);
  }
  // A refusal counts whether or not the transaction has got its id. Where both are missing the next attempt says more.
  if (is_start && (is_done || is_given(payload.find("idTagInfo")))) starts_.on_start_answered(transaction, info, now);
  return is_done || is_attempt;
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

/// Reads idTagInfo and passes it on. Where there is none the listener hears nothing: nothing was said of the idTag.
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

bool Outbox::on_error(Text id, Text code, Millis now) {
  // One that comes after its time has failed already, and is of no attempt after it.
  if (line_.front() == nullptr || !attempts_.is_under_way(id)) return false;
  failed_attempt(code, now);
  return true;
}

void Outbox::on_timeout(Millis now) {
  attempts_.timed_out();
  failed_attempt("no answer in time", now);
}

void Outbox::on_disconnected(Millis) { attempts_.on_disconnected(); }

void Outbox::failed_attempt(Text cause, Millis now) {
  WaitingMessage* entry = line_.front();
  if (entry == nullptr) return;
  if (!attempts_.failed(retries_, now)) {
    if (entry->kind == WaitingMessage::Kind::start && attempts_.may_be_answered()) return hold(*entry, cause, now);
    return give_up_message(*entry, cause, now);
  }
  log_.warning(kTag, entry->action(), " ", entry->sequence, ": ", cause, "; again in ", attempts_.pause(), " ms");
}

/// The CSMS may have opened the transaction: without its id it would never be stopped.
void Outbox::hold(const WaitingMessage& entry, Text cause, Millis now) {
  if (held_until_ != 0) return;
  held_until_ = now + kHold;
  log_.error(kTag, "StartTransaction ", entry.sequence, " failed: ", cause, "; a late answer is waited for, ",
             kHold / 1000, " s");
  starts_.on_start_given_up(entry.transaction, now);
}

bool Outbox::is_holding(uint32_t transaction) const {
  const WaitingMessage* entry = line_.front();
  return held_until_ != 0 && entry != nullptr && entry->transaction == transaction;
}

void Outbox::give_up_message(WaitingMessage& entry, Text cause, Millis now) {
  line_.count_lost(1);
  log_.error(kTag, entry.action(), " ", entry.sequence, " is given up: ", cause);
  if (entry.kind == WaitingMessage::Kind::stop) note_stopped(entry.transaction);
  const bool was_held = held_until_ != 0;
  acknowledge(entry);
  if (entry.kind == WaitingMessage::Kind::start && !was_held) starts_.on_start_given_up(entry.transaction, now);
}

/// Without its StopTransaction's file only the ledger tells the next boot that a transaction is over.
void Outbox::note_stopped(uint32_t transaction) {
  ledger_.now().stopped = transaction;
  ledger_.touch();
}

void Outbox::give_up(WaitingMessage& entry, Text cause, Millis now) {
  if (entry.is_batch() && entry.count > 0) {
    line_.count_lost(entry.count - entry.sent - 1u);
    entry.sent = static_cast<uint8_t>(entry.count - 1);
  }
  give_up_message(entry, cause, now);
}

/// The message at the front is done with: answered, or given up.
void Outbox::acknowledge(WaitingMessage& entry) {
  Ledger& ledger = ledger_.now();
  if (sent_time_ != 0 && entry.transaction != 0) ledger.last_sent_ms = entry.last_sent_ms = sent_time_;
  if (sent_time_ != 0 && entry.kind == WaitingMessage::Kind::start) ledger.start_sent_ms = sent_time_;
  sent_time_ = 0;
  if (entry.is_batch()) {
    ledger.batch = entry.sequence;
    ledger.batch_sent = ++entry.sent;
  }
  if (entry.is_batch() && entry.sent < entry.count) {
    ledger_.touch();
  } else {
    line_.done_with(entry);
  }
  attempts_.reset();
  held_until_ = 0;
}

Millis Outbox::next_due() const {
  if (line_.front() == nullptr) return kNever;
  return held_until_ != 0 ? held_until_ : attempts_.next_due();
}

size_t Outbox::size() const { return line_.waiting(); }

}  // namespace pb
