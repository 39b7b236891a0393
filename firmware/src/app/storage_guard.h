#pragma once

#include "features/logging/logger.h"
#include "features/storage/littlefs_storage.h"
#include "port/secrets.h"
#include "port/worker.h"
#include "runtime/feature.h"
#include "runtime/restart_request.h"

namespace pb {

/// Mounts the storage. Formats it only in three cases: the flash is erased, the partition `secrets` records no earlier
/// file system, or the owner requests it. While the storage is not mounted, the device runs without it.
class StorageGuard final : public Feature {
 public:
  /// The interval of further attempts to mount. A successful attempt restarts the device, so that each feature reads
  /// its files.
  static constexpr Millis kRetry = 60'000;

  StorageGuard(LittleFsStorage& storage, Secrets& secrets, Worker& worker, RestartRequest restart, Logger& log)
      : storage_(storage), secrets_(secrets), worker_(worker), restart_(restart), log_(log) {}

  /// Mounts the storage, at start-up.
  void start();
  bool works() const { return works_; }
  /// The console command `storage`: shows the state, or formats a storage that does not work.
  void command(Text arguments);

  const char* name() const override { return "storage_guard"; }
  Millis poll(Millis now) override;

 private:
  void format();
  void formatted();
  void note_file_system();

  LittleFsStorage& storage_;
  Secrets& secrets_;
  Worker& worker_;
  RestartRequest restart_;
  Logger& log_;
  bool works_ = false;
  bool is_noted_ = true;  ///< whether the partition `secrets` records the file system
  bool is_worker_busy_ = false;
  Millis next_ = 0;
  StorageResult result_ = StorageResult::ok;
  SecretsResult noted_ = SecretsResult::ok;
};

}  // namespace pb
