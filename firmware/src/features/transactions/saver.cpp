#include "features/transactions/saver.h"

namespace pb {

using State = WaitingMessage::State;

static_assert(2 * StopData::kMaxAtHand == MessageQueue::kMaxUnsaved,
              "a transaction is a start, a stop and its readings");

Millis Saver::poll(Millis now) {
  pause_after_failure(now);
  take_out_what_has_no_file();
  // A new message does not wait for what has failed: a charge waits for it, and the flash may have room again.
  if (job_ == Job::none && (now >= write_again_ || line_.has_untried())) start_write();
  if (job_ == Job::none && now >= remove_again_) start_removal();
  pause_after_failure(now);
  Millis next = kNever;
  for (const Millis again : {write_again_, remove_again_}) {
    if (again > now && again < next) next = again;
  }
  return next;
}

void Saver::pause_after_failure(Millis now) {
  if (write_failed_) write_again_ = now + kSaveAgain;
  if (removal_failed_) remove_again_ = now + kSaveAgain;
  write_failed_ = removal_failed_ = false;
}

void Saver::start_write() {
  // Before the stop that it belongs to.
  if (turn_ == Job::save_data && write_data()) return;
  if (write_message(false)) return;
  // What failed last comes last: what the flash does not take keeps nothing else from being tried.
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
    default:
      return write_ledger();
  }
}

bool Saver::write_data() { return data_.dirty() && begun(data_.write(done()), Job::save_data, 0); }

/// @param unsavable those that the flash has refused before, or the others
bool Saver::write_message(bool unsavable) {
  for (WaitingMessage& entry : line_) {
    if (entry.state != State::unsaved || entry.unsavable != unsavable) continue;
    if (begun(line_.write(entry, done()), Job::save_message, entry.sequence)) return true;
  }
  return false;
}

bool Saver::write_ledger() {
  for (const WaitingMessage& entry : line_) {
    if (entry.state == State::removing && ledger_must_go_first(entry)) ledger_.touch();
  }
  return ledger_.dirty() && begun(ledger_.write(done()), Job::save_ledger, 0);
}

void Saver::start_removal() {
  for (const WaitingMessage& entry : line_) {
    if (entry.state != State::removing || ledger_must_go_first(entry) || !line_.may_be_removed(entry)) continue;
    if (begun(line_.remove(entry, done()), Job::remove_message, entry.sequence)) return;
  }
}

/// Whether the next boot would miss what only the file tells.
bool Saver::ledger_must_go_first(const WaitingMessage& entry) const {
  const Ledger& saved = ledger_.saved();
  const Ledger& now = ledger_.now();
  // The file with the highest number keeps that number from being used again, until the ledger does.
  if (entry.sequence >= saved.next_sequence || entry.energy_wh > saved.energy_wh) return true;
  // What comes after it may not be told with an earlier time. A flash that takes no ledger needs the room more.
  const bool goes_on = entry.transaction == now.started && now.started > now.stopped;
  if (goes_on && entry.last_sent_ms > saved.last_sent_ms && !ledger_.failed()) return true;
  switch (entry.kind) {
    case WaitingMessage::Kind::start: {
      // Its id, for what follows it.
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

/// What was answered from memory needs neither the ledger nor a removal that succeeds.
void Saver::take_out_what_has_no_file() {
  for (WaitingMessage* entry = line_.begin(); entry != line_.end();) {
    const bool under_way = job_ == Job::save_message && sequence_ == entry->sequence;
    if (entry->state != State::removing || entry->has_file || under_way) {
      ++entry;
      continue;
    }
    // A write that failed may have left an empty file.
    if (entry->unsavable) line_.remove(*entry, StorageDone());
    take_out(*entry);
  }
}

void Saver::take_out(const WaitingMessage& entry) {
  if (entry.has_data) data_.remove(entry.transaction);
  line_.take_out(entry);
}

Saver::Job Saver::after(Job job) {
  if (job == Job::save_data) return Job::save_message;
  return job == Job::save_message ? Job::save_ledger : Job::save_data;
}

bool Saver::begun(bool posted, Job job, uint32_t sequence) {
  if (!posted) {
    (job == Job::remove_message ? removal_failed_ : write_failed_) = true;
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
    if (!ok) log_.error("tx", "message ", sequence_, " could not be removed: ", name_of(result));
    removed(ok);
  } else {
    if (!ok) log_.error("tx", "nothing could be saved: ", name_of(result));
    written(job, ok);
  }
}

void Saver::written(Job job, bool ok) {
  if (!ok) write_failed_ = true;
  if (job == Job::save_data) data_.written(ok);
  if (job == Job::save_ledger) ledger_.written(ok);
  // Readings that the flash has not taken hold up no messages, although they are to go before their stop.
  turn_ = !ok ? after(job) : data_.failed() ? Job::save_message : Job::save_data;
  if (job != Job::save_message) return;
  if (WaitingMessage* entry = line_.find(sequence_)) line_.written(*entry, ok);
}

void Saver::removed(bool ok) {
  if (!ok) removal_failed_ = true;
  const WaitingMessage* entry = line_.find(sequence_);
  if (ok && entry != nullptr) take_out(*entry);
}

}  // namespace pb
