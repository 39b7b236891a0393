#include "features/transactions/message_queue.h"

#include <string.h>

namespace pb {
namespace {

constexpr Text kTag = "tx";

FileName file_of(const WaitingMessage& entry) { return numbered_file(MessageQueue::kPrefix, entry.sequence); }

}  // namespace

// ---- adding

WaitingMessage* MessageQueue::add(Record& record, uint32_t& next_sequence, Millis now) {
  const Kind kind = record.type == Record::Type::start ? Kind::start : Kind::stop;
  const size_t slot = free_record();
  if (room() == 0 && entries_[count_ - 1].is_damaged()) {
    // The last file of a full queue was the stop of the transaction that has to be ended now.
    record.sequence = entries_[count_ - 1].sequence;
    if (restore_lost(record)) return &entries_[count_ - 1];
  }
  if (slot == kNoSlot || room() == 0) {
    ++lost_;
    log_.error(kTag, kind == Kind::start ? "a StartTransaction" : "a StopTransaction", " was lost: no room");
    return nullptr;
  }
  record.sequence = next_sequence++;
  record.nonce = rng_.next();
  records_[slot] = record;
  record_used_[slot] = true;
  if (kind == Kind::start) newest_start_ = record;
  WaitingMessage& entry = append(kind, record.sequence, record.transaction, now);
  entry.slot = slot;
  entry.energy_wh = record.energy_wh;
  return &entry;
}

bool MessageQueue::add(const MeterSample& sample, uint32_t transaction, uint32_t& next_sequence, Millis now) {
  WaitingMessage* entry = count_ > 0 ? &entries_[count_ - 1] : nullptr;
  const bool continues = entry != nullptr && entry->is_batch() && entry->state != State::removing &&
                         entry->transaction == transaction && entry->slot != kNoSlot &&
                         batches_[entry->slot].voltage_v == voltage_v_ && batches_[entry->slot].takes(sample);
  if (!continues) entry = new_batch(transaction, next_sequence, now);
  if (entry == nullptr || !batches_[entry->slot].append(sample)) return false;
  entry->count = static_cast<uint8_t>(batches_[entry->slot].count());
  entry->boot = sample.stamp.boot;
  entry->energy_wh = sample.reading.energy_wh;
  if (entry->count == 1) entry->from = sample.stamp.at;
  changed(*entry);
  return true;
}

/// Marks the content in memory to be written. Content that is being written now is written once more.
void MessageQueue::changed(WaitingMessage& entry) {
  if (entry.state == State::saving) {
    entry.changed = true;
  } else {
    entry.state = State::unsaved;
  }
}

WaitingMessage* MessageQueue::new_batch(uint32_t transaction, uint32_t& next_sequence, Millis now) {
  if (room() < 2) return nullptr;  // the last place is reserved for the stop
  const size_t slot = free_batch();
  if (slot == kNoSlot) return nullptr;
  batch_used_[slot] = true;
  MeterBatch& batch = batches_[slot];
  batch.clear();
  batch.sequence = next_sequence++;
  batch.nonce = rng_.next();
  batch.transaction = transaction;
  batch.voltage_v = voltage_v_;
  WaitingMessage& entry = append(Kind::meter, batch.sequence, transaction, now);
  entry.slot = slot;
  return &entry;
}

/// Finds a free place for a batch. If there is none, drops from memory a batch that is on flash.
size_t MessageQueue::free_batch() {
  for (size_t slot = 0; slot < kMaxBatches; ++slot) {
    if (!batch_used_[slot]) return slot;
  }
  for (WaitingMessage& entry : *this) {
    if (!entry.is_batch() || entry.slot == kNoSlot || entry.state != State::saved) continue;
    const size_t slot = entry.slot;
    forget_content(entry);
    return slot;
  }
  return kNoSlot;
}

size_t MessageQueue::free_record() const {
  for (size_t slot = 0; slot < kMaxUnsaved; ++slot) {
    if (!record_used_[slot]) return slot;
  }
  return kNoSlot;
}

size_t MessageQueue::free_slots() const {
  size_t count = 0;
  for (const bool used : record_used_) count += used ? 0 : 1;
  return count;
}

WaitingMessage& MessageQueue::append(Kind kind, uint32_t sequence, uint32_t transaction, Millis now) {
  WaitingMessage& entry = entries_[count_++];
  entry = WaitingMessage();
  entry.sequence = sequence;
  entry.transaction = transaction;
  entry.kind = kind;
  entry.queued_at = now;
  return entry;
}

WaitingMessage& MessageQueue::restore(uint32_t sequence) {
  WaitingMessage& entry = append(Kind::start, sequence, 0, 0);
  entry.state = State::saved;
  entry.has_file = true;
  return entry;
}

bool MessageQueue::restore_lost(Record& record) {
  WaitingMessage* entry = find(record.sequence);
  if (free_slots() < 2 || (entry == nullptr && room() < 2)) return false;
  if (entry == nullptr) {
    entry = end();
    for (; entry != begin() && entry[-1].sequence > record.sequence; --entry) *entry = entry[-1];
    ++count_;
    *entry = WaitingMessage();
    entry->sequence = record.sequence;
  }
  if (record.type == Record::Type::stop) record.nonce = rng_.next();
  entry->transaction = record.transaction;
  entry->kind = record.type == Record::Type::start ? Kind::start : Kind::stop;
  entry->state = State::unsaved;
  entry->energy_wh = record.energy_wh;
  keep_content(*entry, record);
  return true;
}

bool MessageQueue::thin_out() {
  WaitingMessage* best = nullptr;
  Millis shortest = kNever;
  WaitingMessage* first = front();
  if (first == nullptr || storage_.busy()) return false;
  // Skip the front, which may be in flight.
  for (WaitingMessage* entry = first + 1; entry + 1 < end(); ++entry) {
    const WaitingMessage& next = entry[1];
    if (next.state == State::removing && entry->is_batch()) return false;  // another merge is not finished
    if (!entry->is_batch() || !next.is_batch() || entry->transaction != next.transaction) continue;
    if (entry->state != State::saved || next.state != State::saved) continue;
    if (entry->alone || entry->boot != next.boot || next.from - entry->from >= shortest) continue;
    shortest = next.from - entry->from;
    best = entry;
  }
  return best != nullptr && merge(best[0], best[1]);
}

bool MessageQueue::merge(WaitingMessage& entry, WaitingMessage& next) {
  const size_t slot = entry.slot != kNoSlot ? entry.slot : free_batch();
  if (slot == kNoSlot) return false;
  MeterBatch& merged = batches_[slot];
  const bool is_in_memory = entry.slot != kNoSlot;
  // A batch whose file is damaged is not merged. It is dropped when it gets to the front.
  entry.alone =
      (!is_in_memory && !read(entry, merged)) || !read(next, scratch_) || merged.voltage_v != scratch_.voltage_v;
  if (entry.alone) return false;
  const size_t before = merged.count() + scratch_.count();
  // thin_out() always keeps the last sample. By the last sample the next boot recognizes that this batch contains the
  // other batch.
  entry.alone = !merged.thin_out() || !scratch_.thin_out();
  for (size_t i = 0; i < scratch_.count() && !entry.alone; ++i) entry.alone = !merged.append(scratch_[i]);
  if (entry.alone) {
    forget_content(entry);  // the file still has the content
    return false;
  }
  const size_t lost = before - merged.count();
  count_lost(lost);
  log_.warning(kTag, "too many messages are pending: ", lost, " meter values were dropped");
  batch_used_[slot] = true;
  entry.slot = slot;
  entry.count = static_cast<uint8_t>(merged.count());
  entry.energy_wh = merged.last().reading.energy_wh;
  entry.state = State::unsaved;
  finish(next);
  return true;
}

// ---- reading

const WaitingMessage* MessageQueue::front() const {
  for (const WaitingMessage& entry : *this) {
    if (entry.state != State::removing) return &entry;
  }
  return nullptr;
}

WaitingMessage* MessageQueue::find(uint32_t sequence) {
  for (WaitingMessage& entry : *this) {
    if (entry.sequence == sequence) return &entry;
  }
  return nullptr;
}

size_t MessageQueue::waiting() const {
  size_t messages = 0;
  for (const WaitingMessage& entry : *this) messages += entry.messages();
  return messages;
}

bool MessageQueue::all_stored() const {
  for (const WaitingMessage& entry : *this) {
    if (!entry.is_stored()) return false;
  }
  return true;
}

bool MessageQueue::has_finished_files() const {
  for (const WaitingMessage& entry : *this) {
    if (entry.state == State::removing && entry.has_file) return true;
  }
  return false;
}

bool MessageQueue::has_untried() const {
  for (const WaitingMessage& entry : *this) {
    if (entry.state == State::unsaved && !entry.unsavable) return true;
  }
  return false;
}

bool MessageQueue::settle(WaitingMessage& entry, const TransactionTimes& times) {
  if (entry.is_settled()) return true;
  if (!(entry.is_batch() ? settle_batch(entry, times) : settle_record(entry, times))) return true;
  changed(entry);
  return entry.is_stored();
}

void MessageQueue::date(WaitingMessage& entry, const TransactionTimes& times) {
  if (entry.state == State::removing || entry.is_settled()) return;
  const uint8_t settled = entry.settled;
  settle(entry, times);
  entry.settled = settled;
}

/// @return whether the content in memory has changed. Without a free place the content stays as it is, and the time is
/// calculated at each attempt.
bool MessageQueue::settle_batch(WaitingMessage& entry, const TransactionTimes& times) {
  if (!read(entry, scratch_) || !scratch_.settle(entry.settled, times)) {
    entry.settled = entry.count;
    return false;
  }
  const size_t slot = entry.slot != kNoSlot ? entry.slot : free_batch();
  if (slot == kNoSlot) return false;
  batches_[slot] = scratch_;
  batch_used_[slot] = true;
  entry.slot = slot;
  entry.settled = entry.count;
  return true;
}

bool MessageQueue::settle_record(WaitingMessage& entry, const TransactionTimes& times) {
  Record record;
  if (!read_or_restore(entry, record) || !times.settle(record.stamp)) {
    entry.settled = 1;
    return false;
  }
  // The last place is for the stop of the open transaction.
  if (entry.slot == kNoSlot && free_slots() < 2) return false;
  keep_content(entry, record);
  if (newest_start_.sequence == record.sequence) newest_start_ = record;
  entry.settled = 1;
  return true;
}

bool MessageQueue::read(const WaitingMessage& entry, Record& record, OnLoss on_loss) const {
  if (entry.slot != kNoSlot) {
    record = records_[entry.slot];
    return true;
  }
  uint8_t content[Record::kMaxEncoded];
  size_t length = 0;
  return storage_.read(file_of(entry).text(), content, length, on_loss) == StorageResult::ok &&
         record.decode(Bytes{content, length}) && record.sequence == entry.sequence;
}

bool MessageQueue::read_or_restore(WaitingMessage& entry, Record& record) {
  return read(entry, record) || (restore_from_copy(entry) && read(entry, record));
}

bool MessageQueue::read_start(const WaitingMessage& stop, Record& start) const {
  uint8_t content[Record::kMaxEncoded];
  size_t length = 0;
  return storage_.read(file_of(stop).text(), content, length) == StorageResult::ok &&
         start.decode_start(Bytes{content, length});
}

bool MessageQueue::read(const WaitingMessage& entry, MeterBatch& batch) const {
  if (entry.slot != kNoSlot) {
    batch = batches_[entry.slot];
    return true;
  }
  uint8_t content[MeterBatch::kMaxEncoded];
  size_t length = 0;
  return storage_.read(file_of(entry).text(), content, length) == StorageResult::ok &&
         batch.decode(Bytes{content, length}) && batch.sequence == entry.sequence;
}

// ---- flash

bool MessageQueue::write(WaitingMessage& entry, StorageDone done) {
  uint8_t content[Record::kMaxEncoded];
  static_assert(sizeof content >= MeterBatch::kMaxEncoded, "the buffer fits both");
  const Bytes bytes = entry.is_batch() ? batches_[entry.slot].encode(content)
                                       : records_[entry.slot].encode({reinterpret_cast<char*>(content), sizeof content},
                                                                     start_for(entry));
  if (!storage_.write(file_of(entry).text(), bytes, done)) return false;
  entry.state = State::saving;
  return true;
}

/// The start that the file of a stop contains too, because the copy (kStartCopy) has only the newest start.
/// @return nullptr if the CSMS has answered the start, or if the message is not a stop.
const Record* MessageQueue::start_for(const WaitingMessage& entry) const {
  if (entry.kind != Kind::stop || newest_start_.transaction != entry.transaction) return nullptr;
  for (const WaitingMessage& other : *this) {
    const bool is_pending = other.kind == Kind::start && other.state != State::removing;
    if (is_pending && other.transaction == entry.transaction) return &newest_start_;
  }
  return nullptr;
}

void MessageQueue::remember_start(uint32_t transaction) {
  const WaitingMessage* entry = newest_start();
  if (entry != nullptr && entry->transaction == transaction) read(*entry, newest_start_);
}

bool MessageQueue::write_copy(const WaitingMessage& entry, StorageDone done) {
  char content[Record::kMaxAlone];
  return storage_.write(kStartCopy, records_[entry.slot].encode(content), done);
}

void MessageQueue::copied(WaitingMessage& entry) {
  entry.copy_due = false;
  if (entry.state == State::saved) forget_content(entry);
}

bool MessageQueue::restore_from_copy(WaitingMessage& entry) {
  uint8_t content[Record::kMaxAlone];
  size_t length = 0;
  Record record;
  // The last place is for the stop of the open transaction.
  if (free_slots() < 2 || storage_.read(kStartCopy, content, length) != StorageResult::ok ||
      !record.decode(Bytes{content, length}) || record.sequence != entry.sequence) {
    return false;
  }
  log_.error(kTag, "message ", entry.sequence, " is read from its copy: its file is damaged");
  keep_content(entry, record);
  entry.state = State::unsaved;
  return true;
}

void MessageQueue::renew_copy() {
  WaitingMessage* entry = newest_start();
  Record record;
  // The last place is for the stop of the open transaction.
  if (entry == nullptr || entry->slot != kNoSlot || free_slots() < 2 || !read(*entry, record) || is_copied(record)) {
    return;
  }
  keep_content(*entry, record);
  entry->copy_due = true;
}

/// Whether the copy has this record, with the same time.
bool MessageQueue::is_copied(const Record& record) const {
  uint8_t content[Record::kMaxAlone];
  char buffer[Record::kMaxAlone];
  size_t length = 0;
  if (storage_.read(kStartCopy, content, length) != StorageResult::ok) return false;
  const Bytes wanted = record.encode(buffer);
  return length == wanted.length && memcmp(content, wanted.data, length) == 0;
}

/// @return nullptr without a pending start.
WaitingMessage* MessageQueue::newest_start() {
  for (size_t i = count_; i > 0; --i) {
    WaitingMessage& entry = entries_[i - 1];
    if (entry.kind == Kind::start && entry.state != State::removing) return &entry;
  }
  return nullptr;
}

bool MessageQueue::remove(const WaitingMessage& entry, StorageDone done) {
  return storage_.remove(file_of(entry).text(), done);
}

void MessageQueue::written(WaitingMessage& entry, bool ok) {
  if (ok) entry.has_file = true;
  if (entry.state == State::removing) return;
  entry.unsavable = !ok;
  entry.state = ok && !entry.changed ? State::saved : State::unsaved;
  entry.changed = false;
  if (!ok || entry.is_batch()) return;  // a batch stays in memory for the next sample
  // Only the newest start is copied: an older start can be written again after a newer one.
  entry.copy_due = &entry == newest_start();
  if (!entry.copy_due) forget_content(entry);
}

void MessageQueue::finish(WaitingMessage& entry) {
  entry.copy_due = false;
  entry.state = State::removing;
  forget_content(entry);
}

void MessageQueue::keep_content(WaitingMessage& entry, const Record& record) {
  if (entry.slot == kNoSlot) entry.slot = free_record();
  records_[entry.slot] = record;
  record_used_[entry.slot] = true;
}

void MessageQueue::forget_content(WaitingMessage& entry) {
  if (entry.slot == kNoSlot) return;
  (entry.is_batch() ? batch_used_ : record_used_)[entry.slot] = false;
  entry.slot = kNoSlot;
}

/// After a merge, the batch in front of the entry has the remaining samples, so it must be saved before the entry is
/// removed.
bool MessageQueue::may_be_removed(const WaitingMessage& entry) const {
  if (&entry == entries_) return true;
  const State in_front = (&entry - 1)->state;
  return in_front == State::saved || in_front == State::removing;
}

void MessageQueue::erase(const WaitingMessage& entry) {
  --count_;
  for (size_t i = static_cast<size_t>(&entry - entries_); i < count_; ++i) entries_[i] = entries_[i + 1];
}

}  // namespace pb
