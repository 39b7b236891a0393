#pragma once

#include <string.h>

#include "core/ring_buffer.h"
#include "features/storage/storage.h"

namespace pb {

class LittleFsStorage;

/// One write, removal or read, with its data and its result.
struct StorageJob {
  enum class Kind : uint8_t { write, write_spare, remove, fetch };

  Kind kind = Kind::write;
  LittleFsStorage* storage = nullptr;
  FixedText<Storage::kMaxName> name;
  StorageDone done;   // the callback of a write or a removal
  StorageRead taken;  // the callback of a read
  MutableBytes content;
  size_t read_length = 0;
  StorageResult result = StorageResult::ok;
};

/// The pending jobs in order. Their contents share one buffer, because most files are small; each content is
/// contiguous. Used by the loop only; the worker uses the front job, which is not moved until it is dropped.
class StorageJobs {
 public:
  static constexpr size_t kMaxJobs = 8;
  /// Bytes of all contents: two of the largest, or many small ones.
  static constexpr size_t kMaxContents = 2 * Storage::kMaxContent;

  /// Appends a job with a copy of `content`, which may be in scratch(). @return nullptr when there is no room for the
  /// job or its content.
  StorageJob* push(Bytes content) {
    StorageJob* job = push_room(content.length);
    if (job != nullptr && !content.empty()) memmove(job->content.data, content.data, content.length);
    return job;
  }
  /// Appends a job with room for a content of `length` bytes. @return nullptr when there is no room for it.
  StorageJob* push_room(size_t length) {
    uint8_t* place = place_for(length);
    StorageJob* job = place == nullptr ? nullptr : jobs_.push_in_place();
    if (job == nullptr) return nullptr;
    *job = StorageJob();
    end_before_ = end_;
    if (length > 0) {
      end_ = static_cast<size_t>(place - contents_) + length;
      ++held_;
    }
    job->content = {place, length};
    return job;
  }
  /// Unused space for the largest content; empty when there is none.
  MutableBytes scratch() {
    uint8_t* place = place_for(Storage::kMaxContent);
    return place == nullptr ? MutableBytes() : MutableBytes(place, Storage::kMaxContent);
  }
  /// The oldest job; nullptr if there is none.
  StorageJob* front() { return jobs_.front(); }
  void drop_front() {
    const MutableBytes content = jobs_.front()->content;
    jobs_.drop(1);
    if (content.length == 0) return;
    begin_ = static_cast<size_t>(content.data - contents_) + content.length;
    if (--held_ == 0) begin_ = end_ = 0;
  }
  /// Reverts the last push, before any other call.
  /// @param job returned by push()
  void drop_newest(const StorageJob& job) {
    if (job.content.length != 0) --held_;
    end_ = end_before_;
    jobs_.drop_newest();
  }
  bool empty() const { return jobs_.empty(); }

 private:
  /// @return where `length` bytes fit: after the newest content, or before the oldest one.
  uint8_t* place_for(size_t length) {
    const bool has_wrapped = held_ != 0 && end_ <= begin_;
    const size_t limit = has_wrapped ? begin_ : kMaxContents;
    if (length <= limit - end_) return contents_ + end_;
    if (!has_wrapped && length <= begin_) return contents_;
    return nullptr;
  }

  RingBuffer<StorageJob, kMaxJobs> jobs_;
  uint8_t contents_[kMaxContents];
  size_t begin_ = 0;       // start of the oldest content, or end of the previous one
  size_t end_ = 0;         // end of the newest content
  size_t end_before_ = 0;  // end_ before the last push
  size_t held_ = 0;        // jobs with a content
};

}  // namespace pb
