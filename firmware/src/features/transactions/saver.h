#pragma once

#include "features/transactions/ledger_file.h"
#include "features/transactions/message_line.h"
#include "features/transactions/stop_data.h"

namespace pb {

/// Brings messages, ledger and transactionData to flash, and what is answered away from it, one job at a time. The
/// order of the jobs is what makes a cut between any two of them harmless.
class Saver {
 public:
  /// After a job that failed.
  static constexpr Millis kSaveAgain = 5'000;

  Saver(MessageLine& line, LedgerFile& ledger, StopData& data, Logger& log)
      : line_(line), ledger_(ledger), data_(data), log_(log) {}

  /// Starts the next job, when none is under way. @return when it wants to be called next.
  Millis poll(Millis now);

 private:
  enum class Job : uint8_t { none, save_message, save_data, save_ledger, remove_message };

  void start_job();
  void start_removal();
  bool begun(bool posted, Job job, uint32_t sequence);
  void job_done(StorageResult result);
  bool ledger_must_go_first(const WaitingMessage& entry) const;
  StorageDone done();

  MessageLine& line_;
  LedgerFile& ledger_;
  StopData& data_;
  Logger& log_;

  Job job_ = Job::none;
  uint32_t sequence_ = 0;
  Millis save_again_ = 0;
  bool failed_ = false;
};

}  // namespace pb
