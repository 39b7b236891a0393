#include "features/transactions/saver.h"

namespace pb {

using State = WaitingMessage::State;

static_assert(2 * StopData::kMaxInMemory == MessageQueue::kMaxUnsaved,
              "a transaction has a start, a stop and its readings");

Millis Saver::poll(Millis now) {
  pause_after_failure(now);
  erase_without_file();
  // A new message is written at once, even during the pause after a failure: a charge waits for it, and the flash may
  // have room again.
  if (job_ == Job::none && (now >= write_retry_at_ || queue_.has_untried())) start_write();
  if (job_ == Job::none && now >= remove_retry_at_) start_removal();
  pause_after_failure(now);
  Millis next = kNever;
  for (const Millis again : {write_retry_at_, remove_retry_at_}) {
    if (again > now && again < next) next = again;
  }
  return next;
}

void Saver::pause_after_failure(Millis now) {
  if (write_failed_) write_retry_at_ = now + kRetryPause;
  if (removal_failed_) remove_retry_at_ = now + kRetryPause;
  write_failed_ = removal_failed_ = false;
}

void Saver::start_write() {
  // transactionData is written before the stop to which it belongs.
  if (turn_ == Job::save_data && write_data()) return;
  if (write_message(false)) return;
  // Begin with the kind after the one that failed last, so that one rejected file does not block the others.
  for (Job job = turn_; !start_write_of(job);) {
    job = after(job);
    if (job == turn_) return;
  }
}

bool Saver::start_write_of(Job job) {
  switch (job) {
    case Job::save_data:
      return write_data();
    case Job::save_message:
      return write_message(true);
    case Job::save_copy:
      return write_copy();
    default:
      return write_ledger();
  }
}

bool Saver::write_data() { return data_.dirty() && started(data_.write(done()), Job::save_data, 0); }

/// @param unsavable true: a message that the flash has rejected before; false: any other message
bool Saver::write_message(bool unsavable) {
  for (WaitingMessage& entry : queue_) {
    if (entry.state != State::unsaved || entry.unsavable != unsavable) continue;
    if (started(queue_.write(entry, done()), Job::save_message, entry.sequence)) return true;
  }
  return false;
}

bool Saver::write_copy() {
  for (const WaitingMessage& entry : queue_) {
    if (entry.copy_due && started(queue_.write_copy(entry, done()), Job::save_copy, entry.sequence)) return true;
  }
  return false;
}

bool Saver::write_ledger() {
  for (const WaitingMessage& entry : queue_) {
    if (entry.state == State::removing && ledger_must_go_first(entry)) ledger_.touch();
  }
  return ledger_.dirty() && started(ledger_.write(done()), Job::save_ledger, 0);
}

void Saver::start_removal() {
  for (const WaitingMessage& entry : queue_) {
    if (entry.state != State::removing || !queue_.may_be_removed(entry)) continue;
    if (ledger_must_go_first(entry) || copy_must_go_first(entry)) continue;
    if (started(queue_.remove(entry, done()), Job::remove_message, entry.sequence)) return;
  }
}

/// Whether the file has information that the next boot needs and the saved ledger lacks: then the ledger is saved
/// before the file is removed.
bool Saver::ledger_must_go_first(const WaitingMessage& entry) const {
  const Ledger& saved = ledger_.saved();
  const Ledger& now = ledger_.now();
  // Until the saved ledger shows it, only this file shows that its number is used, and how high the register was.
  if (entry.sequence >= saved.next_sequence || entry.energy_wh > saved.energy_wh) return true;
  // Later messages must not have an earlier timestamp than this one. But if the flash rejects the ledger, it is more
  // important to free space.
  const bool continues = entry.transaction == now.started && now.started > now.stopped;
  if (continues && entry.last_sent_ms > saved.last_sent_ms && !ledger_.failed()) return true;
  switch (entry.kind) {
    case WaitingMessage::Kind::start: {
      // The following messages need the id of the transaction, which the ledger has.
      const bool known = entry.transaction <= now.started && entry.transaction > now.stopped;
      return known && entry.transaction > saved.started;
    }
    case WaitingMessage::Kind::stop:
      return entry.transaction <= now.stopped && entry.transaction > saved.stopped;
    case WaitingMessage::Kind::meter:
      break;
  }
  return false;
}

/// Whether only this file and the saved ledger, but not yet the ledger's copy, have the id or the end of the
/// transaction. Then the copy is saved before the file is removed.
bool Saver::copy_must_go_first(const WaitingMessage& entry) const {
  const Ledger& now = ledger_.now();
  switch (entry.kind) {
    case WaitingMessage::Kind::start:
      return entry.transaction <= now.started && entry.transaction > now.stopped &&
             entry.transaction > ledger_.started_twice();
    case WaitingMessage::Kind::stop:
      return entry.transaction <= now.stopped && entry.transaction > ledger_.stopped_twice();
    case WaitingMessage::Kind::meter:
      break;
  }
  return false;
}

/// Drops finished messages that were never on flash. This needs neither a saved ledger nor an operation of the flash.
void Saver::erase_without_file() {
  for (WaitingMessage* entry = queue_.begin(); entry != queue_.end();) {
    const bool is_being_saved = job_ == Job::save_message && sequence_ == entry->sequence;
    if (entry->state != State::removing || entry->has_file || is_being_saved) {
      ++entry;
      continue;
    }
    // A failed write may have left an empty file.
    if (entry->unsavable) queue_.remove(*entry, StorageDone());
    erase(*entry);
  }
}

void Saver::erase(const WaitingMessage& entry) {
  if (entry.has_data) data_.remove(entry.transaction);
  queue_.erase(entry);
}

Saver::Job Saver::after(Job job) {
  if (job == Job::save_data) return Job::save_message;
  if (job == Job::save_message) return Job::save_copy;
  return job == Job::save_copy ? Job::save_ledger : Job::save_data;
}

bool Saver::started(bool posted, Job job, uint32_t sequence) {
  if (!posted) {
    // If the storage has too many jobs, this is no failure and needs no pause: the end of a job wakes the loop, and
    // then the storage accepts this job.
    if (!queue_.storage_busy()) (job == Job::remove_message ? removal_failed_ : write_failed_) = true;
    return false;
  }
  job_ = job;
  sequence_ = sequence;
  return true;
}

StorageDone Saver::done() {
  return {[](void* self, StorageResult result) { static_cast<Saver*>(self)->job_done(result); }, this};
}

void Saver::job_done(StorageResult result) {
  const Job job = job_;
  job_ = Job::none;
  const bool ok = result == StorageResult::ok;
  if (job == Job::remove_message) {
    if (!ok) log_.error("tx", "message ", sequence_, " cannot be removed: ", name_of(result));
    removed(ok);
  } else {
    if (!ok) log_.error("tx", "cannot write to flash: ", name_of(result));
    written(job, ok);
  }
}

void Saver::written(Job job, bool ok) {
  if (!ok) write_failed_ = true;
  if (ok) write_retry_at_ = 0;  // the flash may now accept what it has rejected before
  if (job == Job::save_data) data_.written(ok);
  if (job == Job::save_ledger) ledger_.written(ok);
  // transactionData should be written before its stop. But if the flash rejects the data, messages do not wait for it.
  turn_ = !ok ? after(job) : data_.failed() ? Job::save_message : Job::save_data;
  WaitingMessage* entry = queue_.find(sequence_);
  if (entry == nullptr) return;
  if (job == Job::save_message) queue_.written(*entry, ok);
  if (job == Job::save_copy) queue_.copied(*entry);
}

void Saver::removed(bool ok) {
  if (!ok) removal_failed_ = true;
  const WaitingMessage* entry = queue_.find(sequence_);
  if (ok && entry != nullptr) erase(*entry);
}

}  // namespace pb
