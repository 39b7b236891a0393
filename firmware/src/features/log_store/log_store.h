#pragma once

#include "features/config/settings.h"
#include "features/logging/log_ring.h"
#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/time_sync/time_sync.h"
#include "port/system.h"
#include "runtime/feature.h"

namespace pb {

/// Keeps the log of the console on flash, in numbered files. Lines wait in a ring that survives a warm reset. They are
/// written when there are enough of them, or when the oldest line has waited long enough. README.md has the bounds of
/// loss and wear.
class LogStore final : public Feature {
 public:
  /// The names of the files: this and a number of 10 digits.
  static constexpr Text kPrefix = "log-";
  /// The last crash: its line, and the log before it.
  static constexpr Text kCrashFile = "crash";
  static constexpr Text kCrashLogFile = "crash_log";

  /// An error is on flash after that time.
  static constexpr Millis kErrorFlush = 5'000;
  /// The time in which the device gains one credit for a write, and the most credits that it keeps: a limit of the
  /// wear.
  static constexpr Millis kWriteInterval = 180'000;
  static constexpr uint32_t kMaxSaved = 64;
  /// The credits that a device with empty retained memory starts with.
  static constexpr uint32_t kFirstSaved = 8;
  /// The pause after a write that failed.
  static constexpr Millis kRetry = 60'000;

  /// @param retained memory of RetainedRam::kSize bytes
  LogStore(MutableBytes retained, const Clock& clock, Storage& storage, const TimeSync& time_sync,
           const Settings& settings, Logger& log);

  /// Looks up the files. Call it at the start, when the storage can be read.
  void load();
  /// Logs the crash that caused the boot, and stores it with the log from before it.
  /// @param report nullptr when the platform has no record
  void note_crash(ResetReason reason, Text build_id, const CrashReport* report);

  /// Whether the crash is not stored yet. @param at_once whether to store it without waiting for credit
  bool crash_pending(bool at_once) {
    is_crash_urgent_ = is_crash_urgent_ || at_once;
    return crash_step_ != Step::none;
  }

  /// Appends a line to the ring, without its secrets. This is the Logger's sink.
  void take(LogLevel level, Span<char> line);
  LogSink sink() {
    return {[](void* self, LogLevel level, Span<char> line) { static_cast<LogStore*>(self)->take(level, line); }, this};
  }

  /// Writes all lines so far to flash; `done` is called when they are durable. @return false while another flush waits
  bool flush(StorageDone done);
  /// Whether a write is within the limit of the wear.
  bool has_credit() const { return ring_.notes().credit_ms >= static_cast<uint32_t>(kWriteInterval); }
  /// Suspends the writes, so that files and ring stay as they are while they are read.
  void hold(bool held) { is_held_ = held; }
  /// Whether a file is being written or removed.
  bool busy() const { return is_writing_ || is_removing_; }

  /// The files on flash have the numbers from first_file() to last_file(); if a number is missing, its file was removed
  /// to make room.
  uint32_t first_file() const { return first_; }
  uint32_t last_file() const { return last_; }
  static FixedText<Storage::kMaxName> name_of_file(uint32_t number);
  const LogRing& ring() const { return ring_; }
  /// Place in the ring of the first line that is not in a file.
  uint32_t unstored() const { return ring_.has(ring_.notes().stored) ? ring_.notes().stored : ring_.begin(); }

  /// Bytes of lines that never reached the flash.
  uint32_t lost() const { return ring_.notes().lost; }
  /// Writes of log files since the start.
  uint32_t writes() const { return writes_; }

  const char* name() const override { return "log"; }
  Millis poll(Millis now) override;

 private:
  enum class Step : uint8_t { none, remove_old_log, crash, crash_log };

  bool excess() const { return last_ + 1 - first_ > settings_.log_files; }
  void charge(Millis now);
  Millis due(Millis now) const;
  void write();
  void write_crash();
  void post(Text name, size_t length);
  size_t collect(uint32_t from, Span<char> into, uint32_t& end) const;
  size_t collect_until(uint32_t end, Span<char> into) const;
  StorageDone done();
  void written(StorageResult result);
  void file_written();
  void remove_oldest();
  void end_flush(StorageResult result);

  const Clock& clock_;
  Storage& storage_;
  const TimeSync& time_sync_;
  const Settings& settings_;
  Logger& log_;
  LogRing ring_;

  uint32_t first_ = 1;  ///< the first file on flash; first_ > last_ when there is none
  uint32_t last_ = 0;
  Millis charged_at_ = 0;
  Millis oldest_at_ = kNever;  ///< the time of the oldest line that no file has
  Millis error_at_ = kNever;   ///< the time of the oldest error that no file has
  Millis blocked_until_ = 0;   ///< the end of the pause after a failed write
  bool is_held_ = false;
  bool is_writing_ = false;
  bool is_removing_ = false;
  uint32_t writing_end_ = 0;  ///< place after the last line of the write
  uint32_t writes_ = 0;

  uint64_t last_uptime_ms_ = 0;  ///< the last known uptime of the previous run
  Step crash_step_ = Step::none;
  bool is_crash_urgent_ = false;
  uint32_t crash_end_ = 0;   ///< place after the last line before this run
  uint32_t crash_line_ = 0;  ///< place of the line about the crash

  StorageDone flush_done_;
  bool is_flushing_ = false;
  uint32_t flush_end_ = 0;

  char line_[LogRing::kMaxLine + kTimestampLength + 1] = {};
};

}  // namespace pb
