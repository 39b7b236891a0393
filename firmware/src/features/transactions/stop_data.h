#pragma once

#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/numbered_files.h"

namespace pb {

/// The readings that a StopTransaction has as its transactionData. Those of the transaction begun last are at hand;
/// each transaction has a file, so that they outlive a cut. What cannot be saved stays at hand until it can, or until
/// its StopTransaction is done with.
class StopData {
 public:
  /// Transactions whose readings are at hand: as many as there is room for without a flash (MessageQueue::kMaxUnsaved).
  static constexpr size_t kMaxAtHand = 3;

  StopData(Storage& storage, Logger& log) : storage_(storage), log_(log) {}

  /// Of the transactions that begin.
  void set_nominal_voltage(uint32_t volts) { voltage_v_ = static_cast<uint16_t>(volts); }

  /// A transaction begins. Where all places are taken by what is not on flash yet, the oldest one goes.
  void begin();
  /// Keeps a reading. There is room for MeterBatch::kMaxSamples: then every second one is forgotten, but not the first.
  void keep(uint32_t transaction, MeterSample sample);
  /// Whether there are readings of a transaction that is open, or was until now.
  bool has(uint32_t transaction) const { return at_hand(transaction) != nullptr; }
  /// Whether find() needs no flash, or may read it now: no job of the storage is under way.
  bool can_find(uint32_t transaction) const { return has(transaction) || !storage_.busy(); }
  /// The readings of any transaction, after can_find(). @param scratch where they are read to  @return nullptr for
  /// none.
  const MeterBatch* find(uint32_t transaction, MeterBatch& scratch) const;

  /// Whether there is something to write.
  bool dirty() const { return oldest(&is_dirty) != nullptr; }
  /// Whether the last write has failed.
  bool failed() const { return failed_; }
  /// Begins to write the file of the oldest transaction that needs it. @return false when the storage cannot take it
  /// now.
  bool write(StorageDone done);
  /// That has ended.
  void written(bool ok);

  /// Goes on with a transaction that was left open. @return false when nothing can be read of it.
  bool load(uint32_t transaction);
  /// Removes the file of a transaction whose StopTransaction is done with. If it does not come to that, the next boot
  /// does it.
  void remove(uint32_t transaction);
  /// The transactions that have a file.
  NumberedFiles transactions() const;

 private:
  struct Place {
    MeterBatch batch;
    bool dirty = false;    // has what is not on flash
    bool writing = false;  // what it had is on its way there

    void clear() {
      batch.clear();
      dirty = writing = false;
    }
  };
  static bool is_any(const Place&) { return true; }
  static bool is_dirty(const Place& place) { return place.dirty; }
  static bool is_saved(const Place& place) { return !place.dirty && !place.writing; }

  /// The place of the oldest transaction that `fits`, nullptr where there is none.
  const Place* oldest(bool (*fits)(const Place& place)) const;
  const MeterBatch* at_hand(uint32_t transaction) const;
  bool read(uint32_t transaction, MeterBatch& batch) const;

  Storage& storage_;
  Logger& log_;
  Place places_[kMaxAtHand];
  Place* last_ = places_;  // of the transaction begun last
  bool failed_ = false;
  uint16_t voltage_v_ = 0;
};

}  // namespace pb
