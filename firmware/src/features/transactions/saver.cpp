#include "features/transactions/saver.h"

namespace pb {

Millis Saver::poll(Millis now) {
  if (job_ == Job::none && !failed_ && now >= save_again_) start_job();
  if (failed_) {
    failed_ = false;
    save_again_ = now + kSaveAgain;
  }
  return now < save_again_ ? save_again_ : kNever;
}

void Saver::start_job() {
  // Before the stop that it belongs to.
  if (data_.dirty()) {
    begun(data_.write(done()), Job::save_data, 0);
    return;
  }
  for (WaitingMessage& entry : line_) {
    if (entry.state != WaitingMessage::State::unsaved) continue;
    if (begun(line_.write(entry, done()), Job::save_message, entry.sequence)) return;
  }
  start_removal();
}

void Saver::start_removal() {
  for (const WaitingMessage& entry : line_) {
    if (entry.state == WaitingMessage::State::removing && ledger_must_go_first(entry)) ledger_.touch();
  }
  if (ledger_.dirty()) {
    begun(ledger_.write(done()), Job::save_ledger, 0);
    return;
  }
  for (const WaitingMessage& entry : line_) {
    if (entry.state != WaitingMessage::State::removing) continue;
    if (begun(line_.remove(entry, done()), Job::remove_message, entry.sequence)) return;
  }
}

/// The file with the highest number keeps that number from being used again, until the ledger does.
bool Saver::ledger_must_go_first(const WaitingMessage& entry) const {
  return entry.sequence >= ledger_.saved().next_sequence;
}

bool Saver::begun(bool posted, Job job, uint32_t sequence) {
  if (!posted) {
    failed_ = true;
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
  if (!ok) {
    failed_ = true;
    log_.error("tx", "nothing could be saved: ", name_of(result));
  }
  WaitingMessage* entry = line_.find(sequence_);
  switch (job) {
    case Job::none:
    case Job::save_data:
      return;
    case Job::save_message:
      if (entry != nullptr) line_.written(*entry, ok);
      return;
    case Job::save_ledger:
      ledger_.written(ok);
      return;
    case Job::remove_message:
      if (!ok || entry == nullptr) return;
      if (entry->has_data) data_.remove(entry->transaction);
      line_.take_out(*entry);
      return;
  }
}

}  // namespace pb
