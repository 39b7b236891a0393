#pragma once

#include <lfs.h>

#include "features/storage/storage.h"
#include "features/storage/storage_jobs.h"
#include "port/flash.h"
#include "port/worker.h"

namespace pb {

/// The action on a flash without a usable file system.
enum class OnDamage : uint8_t {
  keep,    ///< leave the flash as it is, unless it is erased
  format,  ///< make a new file system
};

/// Storage in a littlefs file system. All buffers are here; nothing is allocated.
///
/// littlefs applies a change at close, in one step, so replacing a file is a single commit. Creating a file takes two,
/// and a power cut between them leaves an empty file. Therefore an empty file counts as missing and is removed at the
/// next start.
class LittleFsStorage final : public Storage {
 public:
  LittleFsStorage(Flash& flash, Worker& worker);
  LittleFsStorage(const LittleFsStorage&) = delete;
  LittleFsStorage& operator=(const LittleFsStorage&) = delete;

  /// The prefix of the name under which a replaced file of a newer firmware is kept.
  static constexpr Text kNewerPrefix = "newer-";

  /// Mounts the file system, at the third attempt at the latest. Formats an erased flash and, if `on_damage` is
  /// `format`, a flash without a usable file system. Never formats a flash that does not answer. Call it first.
  StorageResult mount(OnDamage on_damage = OnDamage::keep);
  /// Whether a storage that was not mounted could be mounted now. The storage stays unmounted, because its users have
  /// not read their files: a restart mounts it.
  StorageResult probe();
  /// Makes a new file system for the next start, if the present one cannot be mounted. Blocks, so it runs in a worker.
  StorageResult format();
  /// Starts to run jobs. Until then they are queued, so that every file can be read at the start.
  void start() {
    is_started_ = true;
    start_job();
  }
  /// Whether mount() has formatted the flash: earlier files, if any, are lost.
  bool formatted() const { return formatted_; }
  /// Sets the listener for files that fail their check when they are read.
  void set_loss_listener(StorageLoss listener) { loss_ = listener; }
  /// Blocks of 4,096 bytes in use; 0 when unknown.
  size_t blocks_in_use();
  size_t blocks() const { return config_.block_count; }
  /// Sets the beginning of the names of expendable files. When a write finds no space, expendable files are removed
  /// until there is space, the lowest name first. @param prefix a literal
  void set_expendable(Text prefix) { expendable_ = prefix; }

  bool busy() const override { return is_job_posted_; }
  MutableBytes scratch() override { return jobs_.scratch(); }
  bool write(Text name, Bytes content, StorageDone done) override;
  bool write_spare(Text name, Bytes content, StorageDone done) override;
  bool remove(Text name, StorageDone done) override;
  StorageResult read(Text name, MutableBytes into, size_t& length, OnLoss on_loss = OnLoss::report) override;
  bool fetch(Text name, StorageRead done) override;
  void list(Text prefix, void (*visit)(void* context, Text name), void* context) override;

 private:
  // Files of up to this size are stored inside the directory, where a change is one small commit instead of a block.
  static constexpr lfs_size_t kCacheSize = 512;
  static constexpr lfs_size_t kLookaheadSize = 32;
  static constexpr int kMountAttempts = 3;
  // Blocks that write_spare() leaves free, at most a quarter of all: transactions of days without a CSMS.
  static constexpr lfs_size_t kReserve = 16;

  bool post(StorageJob::Kind kind, Text name, Bytes content, StorageDone done);
  bool start(StorageJob& job, StorageJob::Kind kind, Text name);
  void report_loss(Text name, StorageResult result) const;
  bool start_job();
  static void run_job(void* job);
  static void end_job(void* job);
  StorageResult write_job(const StorageJob& job);
  StorageResult write_file(const StorageJob& job);
  bool has_reserve();
  bool remove_expendable();
  StorageResult read_file(Text name, MutableBytes into, size_t& length);
  StorageResult read_content(lfs_file_t& file, MutableBytes into, size_t& length);
  void remove_empty_files();
  bool is_erased() const;
  bool is_newer(const char* name);
  int set_aside_if_newer(Text name);
  void restore_newer_files();

  Flash& flash_;
  Worker& worker_;
  bool mounted_ = false;
  bool formatted_ = false;
  bool has_newer_ = false;  // a file of a newer firmware was read
  bool is_started_ = false;
  bool is_job_posted_ = false;  // true: only the worker uses the file system
  StorageLoss loss_;
  Text expendable_;
  StorageJobs jobs_;

  lfs_t file_system_ = {};
  lfs_config config_ = {};
  uint8_t read_buffer_[kCacheSize];
  uint8_t program_buffer_[kCacheSize];
  uint8_t file_buffer_[kCacheSize];
  alignas(8) uint8_t lookahead_buffer_[kLookaheadSize];
};

}  // namespace pb
