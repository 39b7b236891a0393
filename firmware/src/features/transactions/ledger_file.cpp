#include "features/transactions/ledger_file.h"

namespace pb {
namespace {

constexpr Text kFile = "ledger";

}  // namespace

void LedgerFile::load() {
  uint8_t content[Ledger::kMaxEncoded];
  size_t length = 0;
  const StorageResult result = storage_.read(kFile, content, length);
  dirty_ = result == StorageResult::not_found;
  if (dirty_) return;
  is_lost_ = result != StorageResult::ok || !ledger_.decode(Bytes{content, length});
  if (is_lost_) {
    ledger_ = Ledger();
    dirty_ = true;
    log_.error(
        "tx",
        "the ledger is damaged: the energy register is taken from the pending messages, transaction ids are lost; "
        "end a transaction that is still open in the CSMS there");
  }
  saved_ = ledger_;
}

void LedgerFile::take(uint64_t energy_wh, const Stamp* stamp) {
  if (energy_wh > ledger_.energy_wh) ledger_.energy_wh = energy_wh;
  if (stamp != nullptr) ledger_.sampled = *stamp;
}

void LedgerFile::note_energy(uint64_t energy_wh) {
  if (energy_wh >= saved_.energy_wh + kSaveEveryWh) save_energy(energy_wh);
}

void LedgerFile::save_energy(uint64_t energy_wh) {
  // A message with this reading does not suffice: it may not be on flash yet.
  if (energy_wh <= saved_.energy_wh || energy_wh <= being_saved_.energy_wh) return;
  if (energy_wh > ledger_.energy_wh) ledger_.energy_wh = energy_wh;
  dirty_ = true;
}

bool LedgerFile::write(StorageDone done) {
  char content[Ledger::kMaxEncoded];
  being_saved_ = ledger_;
  dirty_ = !storage_.write(kFile, ledger_.encode(content), done);
  return !dirty_;
}

void LedgerFile::written(bool ok) {
  failed_ = !ok;
  if (ok) {
    saved_ = being_saved_;
  } else {
    dirty_ = true;
  }
}

}  // namespace pb
