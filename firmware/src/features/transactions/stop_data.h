#pragma once

#include "features/storage/storage.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/numbered_files.h"

namespace pb {

/// The readings that a StopTransaction tells as its transactionData. Those of the transaction begun last are at hand;
/// each transaction has a file, so that they outlive a cut. What of it cannot be saved is not missed: transactionData
/// is an extra.
class StopData {
 public:
  explicit StopData(Storage& storage) : storage_(storage) {}

  /// A transaction begins: what was kept before is on flash.
  void begin();
  /// Keeps a reading. There is room for MeterBatch::kMaxSamples: then every second one is forgotten, but not the first.
  void keep(uint32_t transaction, MeterSample sample);
  /// Whether there is anything to tell of a transaction that is open, or was until now.
  bool has(uint32_t transaction) const { return batch_.transaction == transaction && batch_.count() > 0; }
  /// What there is to tell of any transaction. @param scratch where it is read to  @return nullptr for nothing.
  const MeterBatch* find(uint32_t transaction, MeterBatch& scratch) const;

  bool dirty() const { return dirty_; }
  /// Begins to write the file. @return false when the storage cannot take it now: then it is not tried again before
  /// the next reading.
  bool write(StorageDone done);

  /// Goes on with a transaction that was left open. @return false when nothing can be read of it.
  bool load(uint32_t transaction);
  /// Removes the file of a transaction whose StopTransaction is done with. If it does not come to that, the next boot
  /// does it.
  void remove(uint32_t transaction);
  /// The transactions that have a file.
  NumberedFiles transactions() const;

 private:
  bool read(uint32_t transaction, MeterBatch& batch) const;

  Storage& storage_;
  MeterBatch batch_;
  bool dirty_ = false;
};

}  // namespace pb
