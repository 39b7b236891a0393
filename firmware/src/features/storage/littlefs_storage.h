#pragma once

#include <lfs.h>

#include "features/storage/storage.h"
#include "features/storage/storage_jobs.h"
#include "port/flash.h"
#include "port/worker.h"

namespace pb {

/// Storage in a littlefs file system. All buffers are here; nothing is allocated.
///
/// A file of littlefs changes at its close and not before, in one step, so replacing a file is a single commit.
/// Creating one takes two, and a cut between them leaves an empty file: that is why an empty file counts as none and is
/// cleared away at the next start.
class LittleFsStorage final : public Storage {
 public:
  LittleFsStorage(Flash& flash, Worker& worker);
  LittleFsStorage(const LittleFsStorage&) = delete;
  LittleFsStorage& operator=(const LittleFsStorage&) = delete;

  /// Mounts the file system, and makes a new one where there is none or it is beyond repair. Before anything else is
  /// called.
  StorageResult mount();
  /// Jobs run from now on. Until then they wait, so that everything can be read at the start.
  void start() {
    is_started_ = true;
    start_job();
  }
  /// Whether mount() had to make a new file system: what was stored, if anything, is lost.
  bool formatted() const { return formatted_; }
  /// Hears of each file that is read and fails its check.
  void set_loss_listener(StorageLoss listener) { loss_ = listener; }
  /// Blocks of 4,096 bytes in use; 0 when that cannot be told.
  size_t blocks_in_use();

  bool busy() const override { return is_job_posted_; }
  MutableBytes scratch() override { return jobs_.scratch(); }
  bool write(Text name, Bytes content, StorageDone done) override;
  bool remove(Text name, StorageDone done) override;
  StorageResult read(Text name, MutableBytes into, size_t& length) override;
  void list(Text prefix, void (*visit)(void* context, Text name), void* context) override;

 private:
  // Files of up to this size live inside the directory, where a change costs one small commit instead of a block.
  static constexpr lfs_size_t kCacheSize = 512;
  static constexpr lfs_size_t kLookaheadSize = 32;

  bool post(StorageJob::Kind kind, Text name, Bytes content, StorageDone done);
  bool start_job();
  static void run_job(void* job);
  static void end_job(void* job);
  StorageResult write_file(const StorageJob& job);
  StorageResult read_file(Text name, MutableBytes into, size_t& length);
  StorageResult read_content(lfs_file_t& file, MutableBytes into, size_t& length);
  void remove_empty_files();

  Flash& flash_;
  Worker& worker_;
  bool mounted_ = false;
  bool formatted_ = false;
  bool is_started_ = false;
  bool is_job_posted_ = false;  // while it is, the worker alone touches the file system
  StorageLoss loss_;
  StorageJobs jobs_;

  lfs_t file_system_ = {};
  lfs_config config_ = {};
  uint8_t read_buffer_[kCacheSize];
  uint8_t program_buffer_[kCacheSize];
  uint8_t file_buffer_[kCacheSize];
  alignas(8) uint8_t lookahead_buffer_[kLookaheadSize];
};

}  // namespace pb
