#include "features/storage/littlefs_storage.h"

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

// Flash writes are through when they return.
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
      return StorageResult::corrupt;
    default:
      return StorageResult::failed;
  }
}

}  // namespace

struct LittleFsStorage::ReadRequest {
  LittleFsStorage& storage;
  Text name;
  MutableBytes into;
  size_t& length;
  StorageResult result;
};

struct LittleFsStorage::ListRequest {
  LittleFsStorage& storage;
  Text prefix;
  void (*visit)(void* context, Text name);
  void* context;
};

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
  config_.block_cycles = 500;  // littlefs' own advice lies between 100 and 1,000
  config_.cache_size = kCacheSize;
  config_.lookahead_size = kLookaheadSize;
  config_.read_buffer = read_buffer_;
  config_.prog_buffer = program_buffer_;
  config_.lookahead_buffer = lookahead_buffer_;
}

StorageResult LittleFsStorage::mount() {
  int error = lfs_mount(&file_system_, &config_);
  // A chip that does not answer is no reason to wipe it.
  if (error == LFS_ERR_CORRUPT || error == LFS_ERR_INVAL) {
    formatted_ = true;
    error = lfs_format(&file_system_, &config_);
    if (error == LFS_ERR_OK) error = lfs_mount(&file_system_, &config_);
  }
  mounted_ = error == LFS_ERR_OK;
  if (mounted_) remove_empty_files();
  return to_result(error);
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
  return post(Kind::write, name, content, done);
}

bool LittleFsStorage::remove(Text name, StorageDone done) { return post(Kind::remove, name, {}, done); }

bool LittleFsStorage::post(Kind kind, Text name, Bytes content, StorageDone done) {
  if (name.empty() || name.length > kMaxName) return false;
  StorageJob* job = jobs_.push_in_place();
  if (job == nullptr) return false;
  job->kind = kind;
  job->name.assign(name);
  job->done = done;
  job->length = content.length;
  if (!content.empty()) memcpy(job->content, content.data, content.length);
  if (start_job()) return true;
  jobs_.drop_newest();
  return false;
}

bool LittleFsStorage::start_job() {
  if (job_posted_ || jobs_.empty()) return true;
  job_posted_ = worker_.post({[](void* self) { static_cast<LittleFsStorage*>(self)->run_job(); },
                              [](void* self) { static_cast<LittleFsStorage*>(self)->end_job(); }, this});
  return job_posted_;
}

void LittleFsStorage::run_job() {
  const StorageJob& job = *jobs_.front();
  if (!mounted_) {
    result_ = StorageResult::failed;
  } else if (job.kind == Kind::write) {
    result_ = write_file(job);
  } else {
    result_ = to_result(lfs_remove(&file_system_, job.name.c_str()));
    if (result_ == StorageResult::not_found) result_ = StorageResult::ok;
  }
}

void LittleFsStorage::end_job() {
  const StorageDone done = jobs_.front()->done;
  const StorageResult result = result_;
  jobs_.drop(1);
  job_posted_ = false;
  start_job();
  if (done.call != nullptr) done.call(done.context, result);
}

StorageResult LittleFsStorage::write_file(const StorageJob& job) {
  if (flash_.claims_full()) return StorageResult::full;
  lfs_file_t file;
  lfs_file_config file_config = {};
  file_config.buffer = file_buffer_;
  int error =
      lfs_file_opencfg(&file_system_, &file, job.name.c_str(), LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC, &file_config);
  if (error != LFS_ERR_OK) return to_result(error);
  uint8_t header[FileHeader::kSize];
  FileHeader::write(header, {job.content, job.length});
  lfs_ssize_t written = lfs_file_write(&file_system_, &file, header, sizeof header);
  if (written >= 0) {
    written = lfs_file_write(&file_system_, &file, job.content, static_cast<lfs_size_t>(job.length));
  }
  // After a failed write, close keeps the old content.
  error = lfs_file_close(&file_system_, &file);
  return to_result(written < 0 ? static_cast<int>(written) : error);
}

StorageResult LittleFsStorage::read(Text name, MutableBytes into, size_t& length) {
  ReadRequest request{*this, name, into, length, StorageResult::failed};
  worker_.run_now(
      [](void* context) {
        auto& asked = *static_cast<ReadRequest*>(context);
        asked.result = asked.storage.read_file(asked);
      },
      &request);
  const bool is_lost = request.result == StorageResult::corrupt || request.result == StorageResult::newer;
  if (is_lost && loss_.call != nullptr) loss_.call(loss_.context, name, request.result);
  return request.result;
}

StorageResult LittleFsStorage::read_file(ReadRequest& request) {
  request.length = 0;
  FixedText<kMaxName> name;
  if (!mounted_) return StorageResult::failed;
  if (request.name.empty() || !name.assign(request.name)) return StorageResult::not_found;
  lfs_file_t file;
  lfs_file_config file_config = {};
  file_config.buffer = file_buffer_;
  const int error = lfs_file_opencfg(&file_system_, &file, name.c_str(), LFS_O_RDONLY, &file_config);
  if (error != LFS_ERR_OK) return to_result(error);
  const StorageResult result = read_content(request, file);
  lfs_file_close(&file_system_, &file);
  return result;
}

StorageResult LittleFsStorage::read_content(ReadRequest& request, lfs_file_t& file) {
  const lfs_soff_t size = lfs_file_size(&file_system_, &file);
  if (size < 0) return to_result(size);
  if (size == 0) return StorageResult::not_found;
  uint8_t header[FileHeader::kSize];
  const lfs_ssize_t begun = lfs_file_read(&file_system_, &file, header, sizeof header);
  if (begun < 0) return to_result(begun);
  const Bytes begin{header, static_cast<size_t>(begun)};
  // A file without a header is of the format before it.
  const bool has_header = FileHeader::is_there(begin);
  const size_t skipped = has_header ? begin.length : 0;
  const size_t length = static_cast<size_t>(size) - skipped;
  if (length > request.into.length) return StorageResult::too_large;
  if (!has_header && lfs_file_rewind(&file_system_, &file) < 0) return StorageResult::failed;
  const lfs_ssize_t count = lfs_file_read(&file_system_, &file, request.into.data, static_cast<lfs_size_t>(length));
  if (count < 0) return to_result(count);
  const Bytes content{request.into.data, static_cast<size_t>(count)};
  if (has_header) {
    const FileHeader::Verdict verdict = FileHeader::check(begin, content);
    if (verdict == FileHeader::Verdict::newer) return StorageResult::newer;
    if (verdict == FileHeader::Verdict::damaged) return StorageResult::corrupt;
  }
  request.length = content.length;
  return StorageResult::ok;
}

void LittleFsStorage::list(Text prefix, void (*visit)(void* context, Text name), void* context) {
  ListRequest request{*this, prefix, visit, context};
  worker_.run_now(
      [](void* asked) {
        const auto& wanted = *static_cast<ListRequest*>(asked);
        wanted.storage.list_files(wanted);
      },
      &request);
}

void LittleFsStorage::list_files(const ListRequest& request) {
  lfs_dir_t directory;
  lfs_info info;
  if (!mounted_ || lfs_dir_open(&file_system_, &directory, "/") != LFS_ERR_OK) return;
  while (lfs_dir_read(&file_system_, &directory, &info) > 0) {
    if (info.type == LFS_TYPE_REG && info.size != 0 && starts_with(info.name, request.prefix))
      request.visit(request.context, info.name);
  }
  lfs_dir_close(&file_system_, &directory);
}

}  // namespace pb
