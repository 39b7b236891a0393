#pragma once

#include <lfs.h>
#include <stdlib.h>

#include <string>

#include "support/ram_flash.h"

namespace pb {

/// The same flash as littlefs sees it, without the storage feature.
struct RawFile {
  RamFlash& flash;
  lfs_config config = {};
  lfs_t file_system = {};
  uint8_t buffers[4][512];

  explicit RawFile(RamFlash& the_flash) : flash(the_flash) {
    config.context = &flash;
    config.read = [](const lfs_config* c, lfs_block_t block, lfs_off_t offset, void* into, lfs_size_t length) {
      static_cast<RamFlash*>(c->context)->read(size_t{block} * 4096 + offset, {static_cast<uint8_t*>(into), length});
      return 0;
    };
    config.prog = [](const lfs_config* c, lfs_block_t block, lfs_off_t offset, const void* bytes, lfs_size_t length) {
      static_cast<RamFlash*>(c->context)
          ->program(size_t{block} * 4096 + offset, {static_cast<const uint8_t*>(bytes), length});
      return 0;
    };
    config.erase = [](const lfs_config* c, lfs_block_t block) {
      static_cast<RamFlash*>(c->context)->erase(size_t{block} * 4096);
      return 0;
    };
    config.sync = [](const lfs_config*) { return 0; };
    config.read_size = config.prog_size = Flash::kProgramSize;
    config.block_size = 4096;
    config.block_count = static_cast<lfs_size_t>(flash.size() / 4096);
    config.block_cycles = 500;
    config.cache_size = 512;
    config.lookahead_size = 32;
    config.read_buffer = buffers[0];
    config.prog_buffer = buffers[1];
    config.lookahead_buffer = buffers[2];
    require(lfs_mount(&file_system, &config) == 0);
  }
  static void require(bool ok) {
    if (!ok) abort();
  }
  std::string open(const char* name, int flags, const std::string* content) {
    lfs_file_t file;
    lfs_file_config file_config = {};
    file_config.buffer = buffers[3];
    char bytes[4096];
    lfs_ssize_t length = 0;
    require(lfs_file_opencfg(&file_system, &file, name, flags, &file_config) == 0);
    if (content == nullptr) {
      length = lfs_file_read(&file_system, &file, bytes, sizeof bytes);
    } else {
      lfs_file_write(&file_system, &file, content->data(), static_cast<lfs_size_t>(content->size()));
    }
    require(lfs_file_close(&file_system, &file) == 0);
    return std::string(bytes, static_cast<size_t>(length));
  }
  std::string read(const char* name = "file") { return open(name, LFS_O_RDONLY, nullptr); }
  void write(const std::string& content, const char* name = "file") {
    open(name, LFS_O_WRONLY | LFS_O_CREAT | LFS_O_TRUNC, &content);
  }
  bool has(const char* name) {
    lfs_info info;
    return lfs_stat(&file_system, name, &info) == 0;
  }
};

}  // namespace pb
