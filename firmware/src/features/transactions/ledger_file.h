#pragma once

#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/transactions/record.h"

namespace pb {

/// The ledger in memory, its file, and a copy of it. Only the saved ledger survives a power cut.
///
/// The copy is written when a StartTransaction or a StopTransaction is done, and every kCopyEveryWh. A ledger whose
/// file is damaged, or behind the copy, is read from the copy, so that an open transaction is not lost.
class LedgerFile {
 public:
  static constexpr Text kFile = "ledger";
  static constexpr Text kCopy = "ledger_copy";
  /// The register is saved at least this often if no transaction message saves it.
  static constexpr uint64_t kSaveEveryWh = 100;
  /// The energy that may be missing in the copy. To write the copy together with each ledger would wear the flash twice
  /// as much.
  static constexpr uint64_t kCopyEveryWh = 1'000;

  LedgerFile(Storage& storage, Logger& log) : storage_(storage), log_(log) {}

  /// Reads the file; called once, before anything else. A missing or damaged ledger is rewritten at once, so that its
  /// space is reserved if the flash fills up later, and numbers are not used twice.
  void load();
  /// Whether the file was damaged, or behind its copy, at this boot.
  bool is_lost() const { return is_lost_; }

  /// The ledger as it should be on flash.
  Ledger& now() { return ledger_; }
  const Ledger& now() const { return ledger_; }
  /// The ledger as it is on flash.
  const Ledger& saved() const { return saved_; }
  /// The last transactions whose answered start and answered stop are in the ledger and in its copy. If the flash has
  /// rejected the copy, those in the ledger.
  uint32_t started_twice() const { return has_copy_failed_ ? saved_.started : lower(saved_.started, copied_.started); }
  uint32_t stopped_twice() const { return has_copy_failed_ ? saved_.stopped : lower(saved_.stopped, copied_.stopped); }

  /// Marks the ledger as changed, to be saved.
  void touch() { dirty_ = true; }
  /// Whether the file or its copy has to be written.
  bool dirty() const { return dirty_ || is_copy_due(); }
  /// Whether the last write has failed.
  bool failed() const { return failed_; }
  /// Takes the register reading of a message, and the time of that message. The message saves both.
  void take(uint64_t energy_wh, const Stamp* stamp);
  /// Reports the register's reading; it is saved every kSaveEveryWh.
  void note_energy(uint64_t energy_wh);
  /// Requests that the register is saved now.
  void save_energy(uint64_t energy_wh);

  /// Starts to write the file, or its copy if the file has no change. @return false when the storage cannot accept the
  /// job now.
  bool write(StorageDone done);
  /// The write has ended.
  void written(bool ok);

 private:
  /// The content of the copy that decides when the copy is written again.
  struct Copied {
    bool exists = false;
    uint32_t started = 0;
    uint32_t stopped = 0;
    uint64_t energy_wh = 0;
    bool rejected = false;
  };

  static uint32_t lower(uint32_t a, uint32_t b) { return a < b ? a : b; }
  static Copied summary(const Ledger& ledger);
  bool read(Text name, Ledger& ledger, StorageResult& result);
  bool is_copy_due() const;

  Storage& storage_;
  Logger& log_;
  Ledger ledger_;
  Ledger saved_;
  Ledger being_saved_;
  Copied copied_;
  Copied being_copied_;
  bool is_lost_ = false;
  bool dirty_ = false;
  bool failed_ = false;
  bool is_writing_copy_ = false;
  bool has_copy_failed_ = false;
};

}  // namespace pb
