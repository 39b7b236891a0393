#pragma once

#include "core/span.h"
#include "core/text.h"

namespace pb {

enum class StorageResult : uint8_t { ok, not_found, too_large, full, corrupt, newer, busy, failed };

/// For messages to people.
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
      return "a job is under way";
    case StorageResult::failed:
      break;
  }
  return "the flash failed";
}

/// What to call on the loop when a storage job has ended.
struct StorageDone {
  void (*call)(void* context, StorageResult result) = nullptr;
  void* context = nullptr;
};

/// What to call, on the loop, when a file is found whose content fails its check: it is lost.
struct StorageLoss {
  void (*call)(void* context, Text name, StorageResult why) = nullptr;
  void* context = nullptr;
};

/// Named small files that survive a power cut. Writing blocks on flash, so it is a job of the flash worker: the
/// content is copied, jobs run in the order given, and `done` is called on the loop once the content is durable.
class Storage {
 public:
  static constexpr size_t kMaxName = 31;
  static constexpr size_t kMaxContent = 2048;

  /// Whether a job is under way: its result has still to be delivered, and nothing can be read until then.
  virtual bool busy() const = 0;
  /// Room for kMaxContent bytes, to read a file into or to build what is written next: no stack of the chip has so
  /// much. It lasts until the next call of the storage. @return empty while jobs that wait take the room
  virtual MutableBytes scratch() = 0;
  /// Replaces the file, all or nothing under a power cut. @return false when there is no room for the job or its
  /// content now, or a limit is exceeded.
  /// @param content it may lie in scratch()
  virtual bool write(Text name, Bytes content, StorageDone done) = 0;
  /// Removes the file; one that is not there is ok.
  virtual bool remove(Text name, StorageDone done) = 0;

  /// Reads a whole file, at once: for start-up, before the first job, and for small files while no job is under way
  /// (`busy` else). One that fails its check is `corrupt`, one of a later format is `newer`; nothing of either is in
  /// `into` then.
  virtual StorageResult read(Text name, MutableBytes into, size_t& length) = 0;
  /// Calls `visit` for each file whose name starts with `prefix`, in no order. At once, and for start-up only.
  virtual void list(Text prefix, void (*visit)(void* context, Text name), void* context) = 0;

 protected:
  ~Storage() = default;
};

}  // namespace pb
