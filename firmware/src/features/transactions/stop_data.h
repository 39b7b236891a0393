#pragma once

#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/numbered_files.h"

namespace pb {

/// The samples for the transactionData of StopTransactions. Those of the newest transactions are in memory; each
/// transaction also has a file, to survive power cuts. Samples that cannot be saved now stay in memory until they are
/// saved, or until their StopTransaction is finished.
class StopData {
 public:
  /// Transactions whose samples are in memory: as many as fit without flash (MessageQueue::kMaxUnsaved).
  static constexpr size_t kMaxInMemory = 3;

  StopData(Storage& storage, Logger& log) : storage_(storage), log_(log) {}

  /// Sets the voltage of new transactions.
  void set_nominal_voltage(uint32_t volts) { voltage_v_ = static_cast<uint16_t>(volts); }

  /// Starts with a new transaction. If all places have unsaved samples, the samples of the oldest transaction are lost.
  void begin();
  /// Adds a sample. Beyond MeterBatch::kMaxSamples, every second sample but the first is dropped.
  void keep(uint32_t transaction, MeterSample sample);
  /// Whether there are samples of the transaction in memory.
  bool has(uint32_t transaction) const { return in_memory(transaction) != nullptr; }
  /// Whether find() can be called now: the samples are in memory, or no storage job is running.
  bool can_find(uint32_t transaction) const { return has(transaction) || !storage_.busy(); }
  /// The samples of any transaction; call only if can_find(). @param scratch buffer for reading a file
  /// @return nullptr without samples.
  const MeterBatch* find(uint32_t transaction, MeterBatch& scratch) const;

  /// Whether samples have to be written.
  bool dirty() const { return oldest(&is_dirty) != nullptr; }
  /// Whether the last write has failed.
  bool failed() const { return failed_; }
  /// Starts to write the file of the oldest transaction with unsaved samples.
  /// @return false when the storage cannot accept the job now.
  bool write(StorageDone done);
  /// The write has ended.
  void written(bool ok);

  /// Continues a transaction that was left open. @return false when its file cannot be read.
  bool load(uint32_t transaction);
  /// Removes the file of a transaction whose StopTransaction is finished. If that fails, the next boot does it.
  void remove(uint32_t transaction);
  /// The transactions that have a file.
  NumberedFiles transactions() const;

 private:
  struct Place {
    MeterBatch batch;
    bool dirty = false;    // has unsaved samples
    bool writing = false;  // is being written

    void clear() {
      batch.clear();
      dirty = writing = false;
    }
  };
  static bool is_any(const Place&) { return true; }
  static bool is_dirty(const Place& place) { return place.dirty; }
  static bool is_saved(const Place& place) { return !place.dirty && !place.writing; }

  /// The place of the oldest transaction that `fits`; nullptr if none fits.
  const Place* oldest(bool (*fits)(const Place& place)) const;
  const MeterBatch* in_memory(uint32_t transaction) const;
  bool read(uint32_t transaction, MeterBatch& batch) const;

  Storage& storage_;
  Logger& log_;
  Place places_[kMaxInMemory];
  Place* last_ = places_;  // the place of the newest transaction
  bool failed_ = false;
  uint16_t voltage_v_ = 0;
};

}  // namespace pb
