#pragma once

#include "features/transactions/ledger_file.h"
#include "features/transactions/message_queue.h"
#include "features/transactions/stop_data.h"

namespace pb {

/// Writes messages, ledger and transactionData to flash, and removes finished messages, one job at a time. The order of
/// the jobs makes a power cut between any two of them harmless.
class Saver {
 public:
  /// Pause after a failed job, in ms. Failed writes do not delay removals, which free space.
  static constexpr Millis kRetryPause = 5'000;

  Saver(MessageQueue& queue, LedgerFile& ledger, StopData& data, Logger& log)
      : queue_(queue), ledger_(ledger), data_(data), log_(log) {}

  /// Starts the next job if none is running. @return the time of the next call.
  Millis poll(Millis now);

 private:
  enum class Job : uint8_t { none, save_data, save_message, save_copy, save_ledger, remove_message };

  void pause_after_failure(Millis now);
  static Job after(Job job);
  void start_write();
  bool start_write_of(Job job);
  bool write_data();
  bool write_message(bool unsavable);
  bool write_copy();
  bool write_ledger();
  void start_removal();
  void erase_without_file();
  void erase(const WaitingMessage& entry);
  bool ledger_must_go_first(const WaitingMessage& entry) const;
  bool copy_must_go_first(const WaitingMessage& entry) const;
  bool started(bool posted, Job job, uint32_t sequence);
  void job_done(StorageResult result);
  void written(Job job, bool ok);
  void removed(bool ok);
  StorageDone done();

  MessageQueue& queue_;
  LedgerFile& ledger_;
  StopData& data_;
  Logger& log_;

  Job job_ = Job::none;
  uint32_t sequence_ = 0;
  Job turn_ = Job::save_data;  // the kind of write that is tried first
  bool write_failed_ = false;
  bool removal_failed_ = false;
  Millis write_retry_at_ = 0;
  Millis remove_retry_at_ = 0;
};

}  // namespace pb
