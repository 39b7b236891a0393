#pragma once

#include "features/transactions/ledger_file.h"
#include "features/transactions/message_queue.h"
#include "features/transactions/stop_data.h"

namespace pb {

/// Restores ledger, pending messages and transactionData of the last boot. A power cut between two jobs of the Saver
/// may leave duplicate or obsolete files, which are removed here.
class Recovery {
 public:
  Recovery(Storage& storage, MessageQueue& queue, LedgerFile& ledger, StopData& data, MeterBatch& scratch, Logger& log)
      : storage_(storage), queue_(queue), ledger_(ledger), data_(data), scratch_(scratch), log_(log) {}

  /// Called once, before the loop runs. @return the device's number of the transaction that was left open, 0 for none.
  uint32_t run();
  /// Whether a file was damaged: it may have been the StopTransaction of a transaction that seems to be left open, or
  /// the ledger, whose copy may lack the last energy of that transaction.
  bool found_damage() const { return found_damage_ || ledger_.is_lost(); }

 private:
  void load_messages();
  void load_message(WaitingMessage& entry);
  bool load_record(WaitingMessage& entry);
  bool load_copy(WaitingMessage& entry);
  bool load_batch(WaitingMessage& entry);
  bool is_merged_into_previous(const WaitingMessage& entry, const MeterBatch& batch) const;
  void restore_lost_starts();
  bool has_start(uint32_t transaction) const;
  void restore_lost_stops();
  bool restore_lost_stop(Record stop, uint32_t known, const WaitingMessage& next);
  bool has_number(uint32_t sequence);
  void count_damaged();
  Stamp stamp_of(const WaitingMessage& entry);
  void load_data();
  uint32_t left_open() const;

  Storage& storage_;
  MessageQueue& queue_;
  LedgerFile& ledger_;
  StopData& data_;
  MeterBatch& scratch_;
  Logger& log_;
  uint32_t open_ = 0;
  bool found_damage_ = false;
  // The newest batch loaded so far.
  const WaitingMessage* last_batch_ = nullptr;
  uint32_t last_transaction_ = 0;
  Stamp last_stamp_;  // the stamp of that batch's last sample
  ReadingContext last_context_ = ReadingContext::sample_periodic;
};

}  // namespace pb
