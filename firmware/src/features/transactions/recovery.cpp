#include "features/transactions/recovery.h"

namespace pb {

using Kind = WaitingMessage::Kind;
using State = WaitingMessage::State;

uint32_t Recovery::run() {
  ledger_.load();
  load_messages();
  restore_lost_starts();
  restore_lost_stops();
  count_damaged();
  queue_.renew_copy();
  open_ = left_open();
  queue_.remember_start(open_);
  load_data();
  return open_;
}

void Recovery::load_messages() {
  const NumberedFiles files(storage_, MessageQueue::kPrefix);
  if (files.beyond() > 0) {
    log_.error("tx", files.beyond(), " files exceed the limit; they are ignored");
  }
  for (const uint32_t sequence : files) load_message(queue_.restore(sequence));
}

void Recovery::load_message(WaitingMessage& entry) {
  Ledger& ledger = ledger_.now();
  if (entry.sequence >= ledger.next_sequence) ledger.next_sequence = entry.sequence + 1;
  if (!load_batch(entry) && !load_record(entry) && !load_copy(entry)) {
    found_damage_ = true;
    queue_.finish(entry);
    return;
  }
  if (entry.transaction >= ledger.next_transaction) ledger.next_transaction = entry.transaction + 1;
  // The CSMS has answered this message, but the power failed before its file was removed.
  const bool answered = entry.transaction != 0 && ((entry.kind == Kind::start && entry.transaction <= ledger.started) ||
                                                   entry.transaction <= ledger.stopped);
  // Messages are answered in order, so all files before the batch that the ledger names are finished.
  if (answered || entry.sequence < ledger.batch) queue_.finish(entry);
}

bool Recovery::load_record(WaitingMessage& entry) {
  Record record;
  if (!queue_.read(entry, record, OnLoss::ignore)) return false;  // load_batch() has reported the loss
  entry.transaction = record.transaction;
  entry.kind = record.type == Record::Type::start ? Kind::start : Kind::stop;
  entry.energy_wh = record.energy_wh;
  ledger_.take(record.energy_wh, &record.stamp);
  Ledger& ledger = ledger_.now();
  // If next_transaction is higher, the ledger was written during this transaction or later, and knows more than the
  // start.
  if (entry.kind == Kind::start && entry.transaction >= ledger.next_transaction) {
    ledger.id_tag = record.id_tag;
    ledger.parent_id_tag.clear();
    ledger.meter_start_wh = record.energy_wh;
    ledger.rejected = false;
  }
  return true;
}

/// Loads a start whose file is damaged.
bool Recovery::load_copy(WaitingMessage& entry) { return queue_.restore_from_copy(entry) && load_record(entry); }

bool Recovery::load_batch(WaitingMessage& entry) {
  if (!queue_.read(entry, scratch_)) return false;
  const MeterBatch& batch = scratch_;
  const Ledger& ledger = ledger_.now();
  entry.transaction = batch.transaction;
  entry.kind = Kind::meter;
  entry.boot = batch[0].stamp.boot;
  entry.from = batch[0].stamp.at;
  entry.count = static_cast<uint8_t>(batch.count());
  if (ledger.batch == entry.sequence) entry.sent = static_cast<uint8_t>(ledger.batch_sent);
  if (is_merged_into_previous(entry, batch) || entry.sent >= entry.count) queue_.finish(entry);
  entry.energy_wh = batch.last().reading.energy_wh;
  ledger_.take(batch.last().reading.energy_wh, entry.transaction != 0 ? &batch.last().stamp : nullptr);
  last_batch_ = &entry;
  last_transaction_ = batch.transaction;
  last_stamp_ = batch.last().stamp;
  last_context_ = batch.last().context;
  return true;
}

/// Whether the batch is already merged into the previous batch, but the power failed before the merged batch's file was
/// removed.
bool Recovery::is_merged_into_previous(const WaitingMessage& entry, const MeterBatch& batch) const {
  if (last_batch_ == nullptr || last_batch_ + 1 != &entry || last_transaction_ != batch.transaction) return false;
  const MeterSample& last = batch.last();
  return last_stamp_.boot == last.stamp.boot &&
         (last_stamp_.at > last.stamp.at || (last_stamp_.at == last.stamp.at && last_context_ == last.context));
}

/// If the file of a start is damaged, restores the start from the file of its stop: without the start the charge is not
/// billed.
void Recovery::restore_lost_starts() {
  for (size_t i = 0; i < queue_.files(); ++i) {
    const WaitingMessage stop = queue_.begin()[i];
    Record start;
    if (stop.kind != Kind::stop || stop.state == State::removing || stop.transaction <= ledger_.now().started) continue;
    if (has_start(stop.transaction) || !queue_.read_start(stop, start) || !queue_.restore_lost(start)) continue;
    log_.error("tx", "message ", start.sequence, " is read from the file of its stop: its file is damaged");
  }
}

bool Recovery::has_start(uint32_t transaction) const {
  for (const WaitingMessage& entry : queue_) {
    if (entry.kind == Kind::start && entry.transaction == transaction && entry.state != State::removing) return true;
  }
  return false;
}

/// Ends each transaction that has no StopTransaction although another transaction follows: otherwise the CSMS would
/// keep it open. This happens if the file of the StopTransaction is damaged, or if the flash was full until the power
/// cut.
void Recovery::restore_lost_stops() {
  const Ledger& ledger = ledger_.now();
  Record stop;
  stop.type = Record::Type::stop;
  stop.reason = StopReason::other;
  stop.transaction = ledger.started > ledger.stopped ? ledger.started : 0;
  stop.stamp = ledger_.saved().sampled;
  uint32_t known = 0;  // number of the transaction's last message
  for (size_t i = 0; i < queue_.files(); ++i) {
    const WaitingMessage entry = queue_.begin()[i];  // a restored stop moves the entries
    if (entry.state != State::removing && entry.kind == Kind::start) {
      if (stop.transaction != 0 && stop.transaction < entry.transaction && restore_lost_stop(stop, known, entry)) {
        while (queue_.begin()[i].sequence != entry.sequence) ++i;
      }
      stop.transaction = entry.transaction;
    }
    if (stop.transaction == 0 || entry.transaction != stop.transaction) continue;
    known = entry.sequence;
    if (entry.kind == Kind::stop) {
      stop.transaction = 0;
    } else if (entry.state != State::removing) {
      stop.stamp = stamp_of(entry);
    }
  }
}

/// @param known number of the transaction's last message, 0 for none  @param next the start of the next transaction
bool Recovery::restore_lost_stop(Record stop, uint32_t known, const WaitingMessage& next) {
  stop.sequence = next.sequence - 1;
  while (stop.sequence > known && has_number(stop.sequence)) --stop.sequence;
  stop.energy_wh = next.energy_wh;  // no energy is delivered between two transactions
  const bool restored = stop.sequence > known && queue_.restore_lost(stop);
  log_.error("tx", "the StopTransaction of transaction ", stop.transaction, " is lost",
             restored ? ": the transaction ends with the register of the next one"
                      : " and cannot be restored: end the transaction in the CSMS");
  return restored;
}

/// Whether a message has this number. A message whose file is damaged does not count.
bool Recovery::has_number(uint32_t sequence) {
  const WaitingMessage* entry = queue_.find(sequence);
  return entry != nullptr && !entry->is_damaged();
}

void Recovery::count_damaged() {
  for (const WaitingMessage& entry : queue_) {
    if (!entry.is_damaged()) continue;
    queue_.count_lost(1);
    log_.error("tx", "message ", entry.sequence, " is dropped: its file is damaged");
  }
}

Stamp Recovery::stamp_of(const WaitingMessage& entry) {
  Record record;
  if (!entry.is_batch()) return queue_.read(entry, record) ? record.stamp : Stamp();
  return queue_.read(entry, scratch_) ? scratch_.last().stamp : Stamp();
}

uint32_t Recovery::left_open() const {
  const Ledger& ledger = ledger_.now();
  uint32_t begun = ledger.started > ledger.stopped ? ledger.started : 0;
  uint32_t ended = 0;
  for (const WaitingMessage& entry : queue_) {
    if (entry.state == State::removing) continue;
    if (entry.kind == Kind::start) begun = entry.transaction;
    if (entry.kind == Kind::stop) ended = entry.transaction;
  }
  return begun > ended ? begun : 0;
}

void Recovery::load_data() {
  data_.begin();
  for (const uint32_t transaction : data_.transactions()) {
    bool wanted = open_ != 0 && transaction == open_ && data_.load(transaction);
    for (WaitingMessage& entry : queue_) {
      if (entry.kind != Kind::stop || entry.transaction != transaction) continue;
      entry.has_data = wanted = true;
    }
    // The StopTransaction was answered, but the power failed before this file was removed.
    if (!wanted) data_.remove(transaction);
  }
}

}  // namespace pb
