#pragma once

#include "features/transactions/ledger_file.h"
#include "features/transactions/message_queue.h"
#include "features/transactions/stop_data.h"

namespace pb {

/// Reads what the last boot left behind: ledger, messages that wait, and transactionData. A cut may have come between
/// any two jobs of the Saver; what then stands on flash twice, or for nothing, is found here and removed.
class Recovery {
 public:
  Recovery(Storage& storage, MessageQueue& line, LedgerFile& ledger, StopData& data, MeterBatch& scratch, Logger& log)
      : storage_(storage), line_(line), ledger_(ledger), data_(data), scratch_(scratch), log_(log) {}

  /// Once, before the loop runs. @return our number of the transaction that was left open, 0 for none.
  uint32_t run();
  /// Whether a file was damaged: it may have been the StopTransaction of what looks as if it was left open.
  bool found_damage() const { return found_damage_; }

 private:
  void load_messages();
  void load_message(WaitingMessage& entry);
  bool load_record(WaitingMessage& entry);
  bool load_batch(WaitingMessage& entry);
  bool is_in_the_one_before(const WaitingMessage& entry, const MeterBatch& batch) const;
  void load_data();
  uint32_t left_open() const;

  Storage& storage_;
  MessageQueue& line_;
  LedgerFile& ledger_;
  StopData& data_;
  MeterBatch& scratch_;
  Logger& log_;
  uint32_t open_ = 0;
  bool found_damage_ = false;
  // The batch that was loaded last.
  const WaitingMessage* last_batch_ = nullptr;
  uint32_t last_transaction_ = 0;
  Stamp last_stamp_;  // of its last sample
  ReadingContext last_context_ = ReadingContext::sample_periodic;
};

}  // namespace pb
