#pragma once

#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/transactions/record.h"

namespace pb {

/// The ledger and its file. It is changed in memory; what others rely on after a cut is what has been saved.
class LedgerFile {
 public:
  /// The register is saved at least this often while no transaction message saves it.
  static constexpr uint64_t kSaveEveryWh = 100;

  LedgerFile(Storage& storage, Logger& log) : storage_(storage), log_(log) {}

  /// Reads the file; once, before anything else. Where there is none, or it is damaged, it is to be written at once: on
  /// a flash that is full later on it has its place, and numbers are not used twice.
  void load();
  /// Whether it was damaged at this boot: a transaction that was open may stay open in the CSMS.
  bool is_lost() const { return is_lost_; }

  /// The ledger as it should be on flash.
  Ledger& now() { return ledger_; }
  const Ledger& now() const { return ledger_; }
  /// The ledger as it is on flash.
  const Ledger& saved() const { return saved_; }

  /// What has changed is to be saved.
  void touch() { dirty_ = true; }
  bool dirty() const { return dirty_; }
  /// Whether the last write has failed.
  bool failed() const { return failed_; }
  /// Takes a reading of the register that a message has, and tells when that was made. The message saves both.
  void take(uint64_t energy_wh, const Stamp* stamp);
  /// Tells the register's reading, which is saved now and then.
  void note_energy(uint64_t energy_wh);
  /// Has the register saved now.
  void save_energy(uint64_t energy_wh);

  /// Begins to write the file. @return false when the storage cannot take it now.
  bool write(StorageDone done);
  /// That has ended.
  void written(bool ok);

 private:
  Storage& storage_;
  Logger& log_;
  Ledger ledger_;
  Ledger saved_;
  Ledger under_way_;
  bool is_lost_ = false;
  bool dirty_ = false;
  bool failed_ = false;
};

}  // namespace pb
