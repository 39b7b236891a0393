#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

enum class StorageResult : uint8_t { ok, not_found, too_large, full, corrupt, newer, busy, failed };

/// A description for the log.
constexpr Text name_of(StorageResult result) {
  switch (result) {
    case StorageResult::ok:
      return "ok";
    case StorageResult::not_found:
      return "not found";
    case StorageResult::too_large:
      return "too large";
    case StorageResult::full:
      return "no space left";
    case StorageResult::corrupt:
      return "corrupt";
    case StorageResult::newer:
      return "written by a newer firmware";
    case StorageResult::busy:
      return "a job is running";
    case StorageResult::failed:
      break;
  }
  return "the flash failed";
}

/// A callback on the loop at the end of a storage job.
struct StorageDone {
  void (*call)(void* context, StorageResult result) = nullptr;
  void* context = nullptr;
};

/// A callback on the loop with the content of a file that a job has read; empty unless the result is `ok`. It lies at
/// the start of a buffer of Storage::kMaxContent bytes, in which the caller may build the next content, and which is
/// valid until the next call of the storage.
struct StorageRead {
  void (*call)(void* context, StorageResult result, Bytes content, MutableBytes buffer) = nullptr;
  void* context = nullptr;
};

/// A callback on the loop for a file that fails its check: its content is lost.
struct StorageLoss {
  void (*call)(void* context, Text name, StorageResult why) = nullptr;
  void* context = nullptr;
};

/// Whether a read reports a file that fails its check to the listener.
enum class OnLoss : uint8_t { report, ignore };

/// Small files by name that survive a power cut. Writing blocks on flash, so it is a job of the flash worker: the
/// content is copied, jobs run in order, and `done` is called on the loop when the content is durable.
class Storage {
 public:
  static constexpr size_t kMaxName = 31;
  static constexpr size_t kMaxContent = 2048;

  /// Whether a job is running or its result is not delivered yet; files cannot be read meanwhile.
  virtual bool busy() const = 0;
  /// A buffer of kMaxContent bytes to read a file or to build the next content, because the chip's stacks are too
  /// small. It is valid until the next call of the storage. @return empty while pending jobs use the space
  virtual MutableBytes scratch() = 0;
  /// Replaces the file; a power cut leaves the old or the new one. @return false when there is no room for the job or
  /// its content now, or a limit is exceeded.
  /// @param content may be in scratch()
  virtual bool write(Text name, Bytes content, StorageDone done) = 0;
  /// As write(), for a file that is less important than all others: it is written only if a reserve of free blocks
  /// remains for the others; otherwise the result is `full`.
  virtual bool write_spare(Text name, Bytes content, StorageDone done) = 0;
  /// Removes the file; a missing one is ok.
  virtual bool remove(Text name, StorageDone done) = 0;

  /// Reads a whole file, immediately: at the start before the first job, and later only between jobs (otherwise
  /// `busy`). A file that fails its check is `corrupt`, a file of a later format is `newer`; `into` has no content
  /// then.
  virtual StorageResult read(Text name, MutableBytes into, size_t& length, OnLoss on_loss = OnLoss::report) = 0;
  /// Reads a whole file in a job, after the pending ones, so that it can be read at any time.
  /// @return false when there is no room for the job now.
  virtual bool fetch(Text name, StorageRead done) = 0;
  /// Calls `visit` for each file whose name starts with `prefix`, in any order. Immediately, and only at the start.
  virtual void list(Text prefix, void (*visit)(void* context, Text name), void* context) = 0;

 protected:
  ~Storage() = default;
};

}  // namespace pb
