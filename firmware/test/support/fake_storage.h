#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>

#include "features/storage/storage.h"

namespace pb {

/// Files in memory. A job takes effect and is answered when the test runs it, in the order of posting.
class FakeStorage final : public Storage {
 public:
  static constexpr size_t kMaxJobs = 8;

  std::map<std::string, std::string> files;
  /// The result of every job; only with `ok` it takes effect.
  StorageResult result = StorageResult::ok;
  /// The files that are damaged.
  std::set<std::string> lost;
  /// A write of this file takes effect, and is reported as failed.
  std::string written_but_failed;
  /// Nothing can be read now.
  bool a_job_is_under_way = false;
  /// Pending jobs use all the space: no job is accepted, and there is no buffer.
  bool is_full = false;

  size_t waiting() const { return jobs_.size(); }
  /// @return false when no job is pending.
  bool run_one() {
    if (jobs_.empty()) return false;
    const Job job = jobs_.front();
    jobs_.pop_front();
    if (job.taken.call != nullptr) {
      size_t length = 0;
      const StorageResult taken = result == StorageResult::ok ? take(job.name, read_, length) : result;
      job.taken.call(job.taken.context, taken, {read_, length}, MutableBytes(read_));
      return true;
    }
    const StorageResult job_result = job.spare && result == StorageResult::ok ? spare_result : result;
    if (job_result == StorageResult::ok) {
      if (job.remove) {
        files.erase(job.name);
      } else {
        files[job.name] = job.content;
      }
    }
    const bool is_denied = !job.remove && job.name == written_but_failed;
    if (job.done.call != nullptr) {
      job.done.call(job.done.context, is_denied ? StorageResult::failed : job_result);
    }
    return true;
  }
  void run_all() {
    while (run_one()) {
    }
  }
  /// Drops the pending jobs, as a power cut does: they neither take effect nor are answered.
  void forget_jobs() { jobs_.clear(); }

  bool busy() const override { return a_job_is_under_way; }
  MutableBytes scratch() override { return is_full ? MutableBytes() : MutableBytes(scratch_); }
  bool write(Text name, Bytes content, StorageDone done) override {
    if (!has_room() || name.empty() || name.length > kMaxName || content.empty() || content.length > kMaxContent)
      return false;
    jobs_.push_back({false, std::string(name.data, name.length),
                     std::string(reinterpret_cast<const char*>(content.data), content.length), done});
    return true;
  }
  /// The result of spare writes, unless that of all jobs is not ok.
  StorageResult spare_result = StorageResult::ok;
  bool write_spare(Text name, Bytes content, StorageDone done) override {
    if (!write(name, content, done)) return false;
    jobs_.back().spare = true;
    return true;
  }
  bool remove(Text name, StorageDone done) override {
    if (!has_room()) return false;
    jobs_.push_back({true, std::string(name.data, name.length), "", done});
    return true;
  }
  StorageResult read(Text name, MutableBytes into, size_t& length, OnLoss = OnLoss::report) override {
    length = 0;
    if (busy()) return StorageResult::busy;
    return take(std::string(name.data, name.length), into, length);
  }
  bool fetch(Text name, StorageRead done) override {
    if (!has_room()) return false;
    jobs_.push_back({false, std::string(name.data, name.length), "", {}, false, done});
    return true;
  }
  void list(Text prefix, void (*visit)(void* context, Text name), void* context) override {
    const std::string wanted(prefix.data, prefix.length);
    for (const auto& [name, content] : files) {
      if (name.compare(0, wanted.size(), wanted) == 0) visit(context, {name.data(), name.size()});
    }
  }

 private:
  struct Job {
    bool remove;
    std::string name;
    std::string content;
    StorageDone done;
    bool spare = false;
    StorageRead taken = {};
  };

  bool has_room() const { return !is_full && jobs_.size() < kMaxJobs; }
  /// Names in `lost` fail their check.
  StorageResult take(const std::string& name, MutableBytes into, size_t& length) const {
    const auto found = files.find(name);
    if (found == files.end()) return StorageResult::not_found;
    if (lost.count(name) > 0) return StorageResult::corrupt;
    if (found->second.size() > into.length) return StorageResult::too_large;
    length = found->second.size();
    memcpy(into.data, found->second.data(), length);
    return StorageResult::ok;
  }

  std::deque<Job> jobs_;
  uint8_t scratch_[kMaxContent];
  uint8_t read_[kMaxContent];
};

}  // namespace pb
