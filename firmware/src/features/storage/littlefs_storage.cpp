#include "features/storage/littlefs_storage.h"

#include "core/text_writer.h"
#include "features/storage/file_header.h"

namespace pb {

namespace {

Flash& flash_of(const lfs_config* config) { return *static_cast<Flash*>(config->context); }

size_t address(const lfs_config* config, lfs_block_t block, lfs_off_t offset) {
  return size_t{block} * config->block_size + offset;
}

int to_lfs(FlashResult result) { return result == FlashResult::ok ? LFS_ERR_OK : LFS_ERR_IO; }

int read_block(const lfs_config* config, lfs_block_t block, lfs_off_t offset, void* into, lfs_size_t length) {
  return to_lfs(flash_of(config).read(address(config, block, offset), {static_cast<uint8_t*>(into), length}));
}

int program_block(const lfs_config* config, lfs_block_t block, lfs_off_t offset, const void* bytes, lfs_size_t length) {
  return to_lfs(flash_of(config).program(address(config, block, offset), {static_cast<const uint8_t*>(bytes), length}));
}

int erase_block(const lfs_config* config, lfs_block_t block) {
  return to_lfs(flash_of(config).erase(address(config, block, 0)));
}

// Writes to flash are complete when they return.
int sync_blocks(const lfs_config*) { return LFS_ERR_OK; }

StorageResult to_result(int error) {
  switch (error) {
    case LFS_ERR_OK:
      return StorageResult::ok;
    case LFS_ERR_NOENT:
      return StorageResult::not_found;
    case LFS_ERR_NOSPC:
      return StorageResult::full;
    case LFS_ERR_CORRUPT:
    case LFS_ERR_INVAL:  // no file system of this version and geometry
      return StorageResult::corrupt;
    default:
      return StorageResult::failed;
  }
}

}  // namespace

LittleFsStorage::LittleFsStorage(Flash& flash, Worker& worker) : flash_(flash), worker_(worker) {
  config_.context = &flash;
  config_.read = &read_block;
  config_.prog = &program_block;
  config_.erase = &erase_block;
  config_.sync = &sync_blocks;
  config_.read_size = Flash::kProgramSize;
  config_.prog_size = Flash::kProgramSize;
  config_.block_size = Flash::kSectorSize;
  config_.block_count = static_cast<lfs_size_t>(flash.size() / Flash::kSectorSize);
  config_.block_cycles = 500;  // littlefs recommends 100 to 1,000
  config_.cache_size = kCacheSize;
  config_.lookahead_size = kLookaheadSize;
  config_.read_buffer = read_buffer_;
  config_.prog_buffer = program_buffer_;
  config_.lookahead_buffer = lookahead_buffer_;
}

StorageResult LittleFsStorage::mount(OnDamage on_damage) {
  int error = LFS_ERR_IO;
  for (int attempt = 0; attempt < kMountAttempts && error != LFS_ERR_OK; ++attempt) {
    error = lfs_mount(&file_system_, &config_);
  }
  // A read that fails is no damage: a flash chip that does not answer must not be formatted.
  const bool is_damaged = error == LFS_ERR_CORRUPT || error == LFS_ERR_INVAL;
  if (is_damaged && (on_damage == OnDamage::format || is_erased())) {
    formatted_ = true;
    error = lfs_format(&file_system_, &config_);
    if (error == LFS_ERR_OK) error = lfs_mount(&file_system_, &config_);
  }
  mounted_ = error == LFS_ERR_OK;
  if (mounted_) {
    remove_empty_files();
    restore_newer_files();
  }
  return to_result(error);
}

StorageResult LittleFsStorage::probe() {
  if (mounted_) return StorageResult::busy;
  // While the file system is not mounted, pending jobs fail before they use it. So no job disturbs this mount.
  const int error = lfs_mount(&file_system_, &config_);
  if (error == LFS_ERR_OK) lfs_unmount(&file_system_);
  return to_result(error);
}

StorageResult LittleFsStorage::format() { return to_result(lfs_format(&file_system_, &config_)); }

bool LittleFsStorage::is_erased() const {
  uint8_t bytes[256];
  for (size_t offset = 0; offset < flash_.size(); offset += sizeof bytes) {
    if (flash_.read(offset, bytes) != FlashResult::ok) return false;
    for (const uint8_t byte : bytes) {
      if (byte != 0xFF) return false;
    }
  }
  return true;
}

/// Whether a newer firmware has written the file.
bool LittleFsStorage::is_newer(const char* name) {
  lfs_file_t file;
  lfs_file_config file_config = {};
  file_config.buffer = file_buffer_;
  if (lfs_file_opencfg(&file_system_, &file, name, LFS_O_RDONLY, &file_config) != LFS_ERR_OK) return false;
  uint8_t header[FileHeader::kSize];
  const lfs_ssize_t length = lfs_file_read(&file_system_, &file, header, sizeof header);
  lfs_file_close(&file_system_, &file);
  return length > 0 && FileHeader::is_newer({header, static_cast<size_t>(length)});
}

/// Renames a file of a newer firmware, so that its content stays when the file is replaced or removed.
int LittleFsStorage::set_aside_if_newer(Text name) {
  FixedText<kMaxName> old;
  if (!has_newer_ || !old.assign(name) || !is_newer(old.c_str())) return LFS_ERR_OK;
  if (!expendable_.empty() && starts_with(name, expendable_)) return LFS_ERR_OK;
  char bytes[kNewerPrefix.length + kMaxName + 1] = {};
  TextWriter{Span<char>(bytes)}.append_all(kNewerPrefix, name);
  return lfs_rename(&file_system_, old.c_str(), bytes);
}

/// Renames the files of a newer firmware back when this firmware can read their version. If a file was written under
/// the old name meanwhile, that file has priority.
void LittleFsStorage::restore_newer_files() {
  for (bool found = true; found;) {
    found = false;
    lfs_dir_t directory;
    lfs_info info;
    if (lfs_dir_open(&file_system_, &directory, "/") != LFS_ERR_OK) return;
    while (!found && lfs_dir_read(&file_system_, &directory, &info) > 0) {
      lfs_info present;
      found = info.type == LFS_TYPE_REG && starts_with(info.name, kNewerPrefix) && !is_newer(info.name) &&
              lfs_stat(&file_system_, info.name + kNewerPrefix.length, &present) == LFS_ERR_NOENT;
    }
    lfs_dir_close(&file_system_, &directory);
    if (found && lfs_rename(&file_system_, info.name, info.name + kNewerPrefix.length) != LFS_ERR_OK) return;
  }
}

size_t LittleFsStorage::blocks_in_use() {
  const lfs_ssize_t blocks = mounted_ ? lfs_fs_size(&file_system_) : 0;
  return blocks > 0 ? static_cast<size_t>(blocks) : 0;
}

void LittleFsStorage::remove_empty_files() {
  for (bool found = true; found;) {
    found = false;
    lfs_dir_t directory;
    lfs_info info;
    if (lfs_dir_open(&file_system_, &directory, "/") != LFS_ERR_OK) return;
    while (!found && lfs_dir_read(&file_system_, &directory, &info) > 0) {
      found = info.type == LFS_TYPE_REG && info.size == 0;
    }
    lfs_dir_close(&file_system_, &directory);
    if (found && lfs_remove(&file_system_, info.name) != LFS_ERR_OK) return;
  }
}

bool LittleFsStorage::write(Text name, Bytes content, StorageDone done) {
  if (content.empty() || content.length > kMaxContent) return false;
  return post(StorageJob::Kind::write, name, content, done);
}

bool LittleFsStorage::write_spare(Text name, Bytes content, StorageDone done) {
  if (content.empty() || content.length > kMaxContent) return false;
  return post(StorageJob::Kind::write_spare, name, content, done);
}

bool LittleFsStorage::remove(Text name, StorageDone done) { return post(StorageJob::Kind::remove, name, {}, done); }

bool LittleFsStorage::post(StorageJob::Kind kind, Text name, Bytes content, StorageDone done) {
  if (name.empty() || name.length > kMaxName) return false;
  StorageJob* job = jobs_.push(content);
  if (job == nullptr) return false;
  job->done = done;
  return start(*job, kind, name);
}

bool LittleFsStorage::fetch(Text name, StorageRead done) {
  if (name.empty() || name.length > kMaxName) return false;
  StorageJob* job = jobs_.push_room(kMaxContent);
  if (job == nullptr) return false;
  job->taken = done;
  return start(*job, StorageJob::Kind::fetch, name);
}

bool LittleFsStorage::start(StorageJob& job, StorageJob::Kind kind, Text name) {
  job.kind = kind;
  job.storage = this;
  job.name.assign(name);
  if (start_job()) return true;
  jobs_.drop_newest(job);
  return false;
}

bool LittleFsStorage::start_job() {
  if (!is_started_ || is_job_posted_ || jobs_.empty()) return true;
  is_job_posted_ = worker_.post({&LittleFsStorage::run_job, &LittleFsStorage::end_job, jobs_.front()});
  return is_job_posted_;
}

void LittleFsStorage::run_job(void* context) {
  auto& job = *static_cast<StorageJob*>(context);
  LittleFsStorage& storage = *job.storage;
  if (!storage.mounted_) {
    job.result = StorageResult::failed;
  } else if (job.kind == StorageJob::Kind::fetch) {
    job.result = storage.read_file(job.name.text(), job.content, job.read_length);
  } else if (job.kind != StorageJob::Kind::remove) {
    job.result = storage.write_job(job);
  } else {
    int error = storage.set_aside_if_newer(job.name.text());
    if (error == LFS_ERR_OK) error = lfs_remove(&storage.file_system_, job.name.c_str());
    job.result = to_result(error);
    if (job.result == StorageResult::not_found) job.result = StorageResult::ok;
  }
}

void LittleFsStorage::end_job(void* context) {
  const auto job = *static_cast<StorageJob*>(context);
  LittleFsStorage& storage = *job.storage;
  storage.jobs_.drop_front();
  storage.is_job_posted_ = false;
  storage.start_job();
  if (job.kind == StorageJob::Kind::fetch) storage.report_loss(job.name.text(), job.result);
  if (job.done.call != nullptr) job.done.call(job.done.context, job.result);
  // No job has taken its place in the queue yet, so the content is intact.
  if (job.taken.call != nullptr) {
    job.taken.call(job.taken.context, job.result, {job.content.data, job.read_length}, job.content);
  }
}

StorageResult LittleFsStorage::write_job(const StorageJob& job) {
  if (flash_.claims_full()) return StorageResult::full;
  if (job.kind == StorageJob::Kind::write_spare) return has_reserve() ? write_file(job) : StorageResult::full;
  for (;;) {
    const StorageResult result = write_file(job);
    if (result != StorageResult::full || !remove_expendable()) return result;
  }
}

/// Returns whether the reserve would still be free after the use of one more block.
bool LittleFsStorage::has_reserve() {
  const lfs_size_t quarter = config_.block_count / 4;
  const lfs_ssize_t used = lfs_fs_size(&file_system_);
  return used >= 0 &&
         static_cast<lfs_size_t>(used) + 1 + (kReserve < quarter ? kReserve : quarter) <= config_.block_count;
}

/// Removes the expendable file with the lowest name. @return false when there is none, or it cannot be removed
bool LittleFsStorage::remove_expendable() {
  lfs_dir_t directory;
  lfs_info info;
  FixedText<kMaxName> lowest;
  if (expendable_.empty() || lfs_dir_open(&file_system_, &directory, "/") != LFS_ERR_OK) return false;
  while (lfs_dir_read(&file_system_, &directory, &info) > 0) {
    if (info.type != LFS_TYPE_REG || !starts_with(info.name, expendable_)) continue;
    if (lowest.empty() || strcmp(info.name, lowest.c_str()) < 0) lowest.assign(info.name);
  }
  lfs_dir_close(&file_system_, &directory);
  return !lowest.empty() && lfs_remove(&file_system_, lowest.c_str()) == LFS_ERR_OK;
}

StorageResult LittleFsStorage::write_file(const StorageJob& job) {
  int error = set_aside_if_newer(job.name.text());
  if (error != LFS_ERR_OK) return to_result(error);
  lfs_file_t file;
  lfs_file_config file_config = {};
  file_config.buffer = file_buffer_;
  error =
      lfs_file_opencfg(&file_system_, &file, job.name.c_str(), LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC, &file_config);
  if (error != LFS_ERR_OK) return to_result(error);
  uint8_t header[FileHeader::kSize];
  FileHeader::write(header, job.content);
  lfs_ssize_t written = lfs_file_write(&file_system_, &file, header, sizeof header);
  if (written >= 0) {
    written = lfs_file_write(&file_system_, &file, job.content.data, static_cast<lfs_size_t>(job.content.length));
  }
  // After a failed write, closing the file keeps the old content.
  error = lfs_file_close(&file_system_, &file);
  return to_result(written < 0 ? static_cast<int>(written) : error);
}

StorageResult LittleFsStorage::read(Text name, MutableBytes into, size_t& length, OnLoss on_loss) {
  length = 0;
  if (busy()) return StorageResult::busy;
  const StorageResult result = read_file(name, into, length);
  if (on_loss == OnLoss::report) report_loss(name, result);
  return result;
}

void LittleFsStorage::report_loss(Text name, StorageResult result) const {
  const bool is_lost =
      result == StorageResult::corrupt || result == StorageResult::newer || result == StorageResult::too_large;
  if (is_lost && loss_.call != nullptr) loss_.call(loss_.context, name, result);
}

StorageResult LittleFsStorage::read_file(Text wanted, MutableBytes into, size_t& length) {
  FixedText<kMaxName> name;
  if (!mounted_) return StorageResult::failed;
  if (wanted.empty() || !name.assign(wanted)) return StorageResult::not_found;
  lfs_file_t file;
  lfs_file_config file_config = {};
  file_config.buffer = file_buffer_;
  const int error = lfs_file_opencfg(&file_system_, &file, name.c_str(), LFS_O_RDONLY, &file_config);
  if (error != LFS_ERR_OK) return to_result(error);
  const StorageResult result = read_content(file, into, length);
  lfs_file_close(&file_system_, &file);
  return result;
}

StorageResult LittleFsStorage::read_content(lfs_file_t& file, MutableBytes into, size_t& length) {
  const lfs_soff_t size = lfs_file_size(&file_system_, &file);
  if (size < 0) return to_result(size);
  if (size == 0) return StorageResult::not_found;
  uint8_t header[FileHeader::kSize];
  const lfs_ssize_t begun = lfs_file_read(&file_system_, &file, header, sizeof header);
  if (begun < 0) return to_result(begun);
  const Bytes begin{header, static_cast<size_t>(begun)};
  // A file without a header has the previous format.
  const bool has_header = FileHeader::is_there(begin);
  if (!has_header) {
    const lfs_ssize_t rest = lfs_file_read(&file_system_, &file, into.data, static_cast<lfs_size_t>(into.length));
    if (rest < 0) return to_result(rest);
    const bool is_whole = static_cast<size_t>(size) == begin.length + static_cast<size_t>(rest);
    const Bytes content{into.data, static_cast<size_t>(rest)};
    // The header is sound apart from its magic.
    if (is_whole && FileHeader::check(begin, content) == FileHeader::Verdict::sound) return StorageResult::corrupt;
  }
  const size_t skipped = has_header ? begin.length : 0;
  const size_t expected = static_cast<size_t>(size) - skipped;
  if (expected > into.length) return StorageResult::too_large;
  if (!has_header && lfs_file_rewind(&file_system_, &file) < 0) return StorageResult::failed;
  const lfs_ssize_t count = lfs_file_read(&file_system_, &file, into.data, static_cast<lfs_size_t>(expected));
  if (count < 0) return to_result(count);
  const Bytes content{into.data, static_cast<size_t>(count)};
  if (has_header) {
    const FileHeader::Verdict verdict = FileHeader::check(begin, content);
    has_newer_ = has_newer_ || verdict == FileHeader::Verdict::newer;
    if (verdict == FileHeader::Verdict::newer) return StorageResult::newer;
    if (verdict == FileHeader::Verdict::damaged) return StorageResult::corrupt;
  }
  length = content.length;
  return StorageResult::ok;
}

void LittleFsStorage::list(Text prefix, void (*visit)(void* context, Text name), void* context) {
  lfs_dir_t directory;
  lfs_info info;
  if (busy() || !mounted_ || lfs_dir_open(&file_system_, &directory, "/") != LFS_ERR_OK) return;
  while (lfs_dir_read(&file_system_, &directory, &info) > 0) {
    if (info.type == LFS_TYPE_REG && info.size != 0 && starts_with(info.name, prefix)) visit(context, info.name);
  }
  lfs_dir_close(&file_system_, &directory);
}

}  // namespace pb
