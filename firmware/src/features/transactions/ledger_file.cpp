#include "features/transactions/ledger_file.h"

namespace pb {

void LedgerFile::load() {
  StorageResult result = StorageResult::ok;
  Ledger copy;
  StorageResult copy_result = StorageResult::ok;
  const bool has_copy = read(kCopy, copy, copy_result);
  if (has_copy) copied_ = summary(copy);
  // The copy is written after the file. So if the file is behind the copy, it is not the file that was written last.
  dirty_ = !read(kFile, ledger_, result) || (has_copy && ledger_.is_behind(copy));
  // If the copy is missing too, this is the first boot.
  is_lost_ = dirty_ && (result != StorageResult::not_found || copy_result != StorageResult::not_found);
  if (is_lost_) {
    ledger_ = copy;
    log_.error("tx", "the ledger is damaged or out of date: ",
               has_copy ? "its copy is used, in which up to 1 kWh of the last charge may be missing"
                        : "the energy register is taken from the pending messages, transaction ids are lost; end a "
                          "transaction that is still open in the CSMS there");
  }
  if (result == StorageResult::not_found && !is_lost_) return;
  saved_ = ledger_;
}

/// @return false, with `ledger` unchanged, when the file is missing or damaged.
bool LedgerFile::read(Text name, Ledger& ledger, StorageResult& result) {
  uint8_t content[Ledger::kMaxEncoded];
  size_t length = 0;
  result = storage_.read(name, content, length);
  return result == StorageResult::ok && ledger.decode(Bytes{content, length});
}

void LedgerFile::take(uint64_t energy_wh, const Stamp* stamp) {
  if (energy_wh > ledger_.energy_wh) ledger_.energy_wh = energy_wh;
  if (stamp != nullptr) ledger_.sampled = *stamp;
}

void LedgerFile::note_energy(uint64_t energy_wh) {
  if (energy_wh >= saved_.energy_wh + kSaveEveryWh) save_energy(energy_wh);
}

void LedgerFile::save_energy(uint64_t energy_wh) {
  // A message with this reading does not suffice, because it may not be on flash yet.
  if (energy_wh <= saved_.energy_wh || energy_wh <= being_saved_.energy_wh) return;
  if (energy_wh > ledger_.energy_wh) ledger_.energy_wh = energy_wh;
  dirty_ = true;
}

LedgerFile::Copied LedgerFile::summary(const Ledger& ledger) {
  return {true, ledger.started, ledger.stopped, ledger.energy_wh, ledger.rejected};
}

bool LedgerFile::is_copy_due() const {
  return !copied_.exists || saved_.started != copied_.started || saved_.stopped != copied_.stopped ||
         saved_.rejected != copied_.rejected || saved_.energy_wh >= copied_.energy_wh + kCopyEveryWh;
}

bool LedgerFile::write(StorageDone done) {
  char content[Ledger::kMaxEncoded];
  is_writing_copy_ = !dirty_;
  if (is_writing_copy_) {
    being_copied_ = summary(saved_);
    return storage_.write(kCopy, saved_.encode(content), done);
  }
  being_saved_ = ledger_;
  dirty_ = !storage_.write(kFile, ledger_.encode(content), done);
  return !dirty_;
}

void LedgerFile::written(bool ok) {
  failed_ = !ok;
  if (is_writing_copy_) {
    has_copy_failed_ = !ok;
    if (ok) copied_ = being_copied_;
  } else if (ok) {
    saved_ = being_saved_;
  } else {
    dirty_ = true;
  }
}

}  // namespace pb
