#pragma once

#include "features/transactions/ledger_file.h"
#include "features/transactions/message_queue.h"
#include "features/transactions/stop_data.h"

namespace pb {

/// Brings messages, ledger and transactionData to flash, and what is answered away from it, one job at a time. The
/// order of the jobs is what makes a cut between any two of them harmless.
class Saver {
 public:
  /// After a job that failed. A write that failed does not hold up removals: they make room.
  static constexpr Millis kSaveAgain = 5'000;

  Saver(MessageQueue& line, LedgerFile& ledger, StopData& data, Logger& log)
      : line_(line), ledger_(ledger), data_(data), log_(log) {}

  /// Starts the next job, when none is under way. @return when it wants to be called next.
  Millis poll(Millis now);

 private:
  enum class Job : uint8_t { none, save_data, save_message, save_ledger, remove_message };

  void pause_after_failure(Millis now);
  static Job after(Job job);
  void start_write();
  bool start_write_of(Job job);
  bool write_data();
  bool write_message(bool unsavable);
  bool write_ledger();
  void start_removal();
  void take_out_what_has_no_file();
  void take_out(const WaitingMessage& entry);
  bool ledger_must_go_first(const WaitingMessage& entry) const;
  bool begun(bool posted, Job job, uint32_t sequence);
  void job_done(StorageResult result);
  void written(Job job, bool ok);
  void removed(bool ok);
  StorageDone done();

  MessageQueue& line_;
  LedgerFile& ledger_;
  StopData& data_;
  Logger& log_;

  Job job_ = Job::none;
  uint32_t sequence_ = 0;
  Job turn_ = Job::save_data;  // whose write is tried first
  bool write_failed_ = false;
  bool removal_failed_ = false;
  Millis write_again_ = 0;
  Millis remove_again_ = 0;
};

}  // namespace pb
