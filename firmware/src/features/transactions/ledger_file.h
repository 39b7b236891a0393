#pragma once

#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/transactions/record.h"

namespace pb {

/// The ledger in memory and its file. Only the saved ledger survives a power cut.
class LedgerFile {
 public:
  /// The register is saved at least this often if no transaction message saves it.
  static constexpr uint64_t kSaveEveryWh = 100;

  LedgerFile(Storage& storage, Logger& log) : storage_(storage), log_(log) {}

  /// Reads the file; called once, before anything else. A missing or damaged ledger is rewritten at once, so that it
  /// has its place on a flash that is full later, and numbers are not used twice.
  void load();
  /// Whether the file was damaged at this boot: an open transaction may stay open in the CSMS.
  bool is_lost() const { return is_lost_; }

  /// The ledger as it should be on flash.
  Ledger& now() { return ledger_; }
  const Ledger& now() const { return ledger_; }
  /// The ledger as it is on flash.
  const Ledger& saved() const { return saved_; }

  /// Marks the ledger as changed, to be saved.
  void touch() { dirty_ = true; }
  bool dirty() const { return dirty_; }
  /// Whether the last write has failed.
  bool failed() const { return failed_; }
  /// Takes the register reading of a message, and the time of that message. The message saves both.
  void take(uint64_t energy_wh, const Stamp* stamp);
  /// Reports the register's reading; it is saved every kSaveEveryWh.
  void note_energy(uint64_t energy_wh);
  /// Requests that the register is saved now.
  void save_energy(uint64_t energy_wh);

  /// Starts to write the file. @return false when the storage cannot accept the job now.
  bool write(StorageDone done);
  /// The write has ended.
  void written(bool ok);

 private:
  Storage& storage_;
  Logger& log_;
  Ledger ledger_;
  Ledger saved_;
  Ledger being_saved_;
  bool is_lost_ = false;
  bool dirty_ = false;
  bool failed_ = false;
};

}  // namespace pb
