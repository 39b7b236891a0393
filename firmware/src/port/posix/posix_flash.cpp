#include "port/posix/posix_flash.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

namespace pb::posix {

namespace {

constexpr size_t kTableOffset = 0x8000;
constexpr size_t kTableSize = 0xC00;
constexpr size_t kEntrySize = 32;
constexpr uint16_t kEntryMagic = 0x50AA;
/// Interval at which a chip with a torn operation checks for the power cut.
constexpr Micros kPollInterval = 10'000;

uint32_t little_endian(const uint8_t* bytes, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= uint32_t{bytes[i]} << (8 * i);
  return value;
}

}  // namespace

PosixFlash::~PosixFlash() {
  if (bytes_ != nullptr) munmap(bytes_, size_);
}

std::string PosixFlash::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return "the flash file '" + path + "' cannot be opened: " + strerror(errno);
  struct stat status{};
  fstat(fd, &status);
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0 || size % kSectorSize != 0) {
    close(fd);
    return "the flash file '" + path + "' has " + std::to_string(size) + " bytes; it must be whole sectors of 4096";
  }
  void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return "the flash file '" + path + "' cannot be mapped: " + strerror(errno);
  bytes_ = static_cast<uint8_t*>(mapped);
  size_ = size;
  return "";
}

void PosixFlash::tear(uint64_t operation, const std::string& mode, uint64_t seed) {
  const std::lock_guard lock(tear_mutex_);
  operation_ = operations_left_ = operation;
  tear_ = mode == "half" ? Tear::half : mode == "random" ? Tear::random : Tear::none;
  seed_ = seed;
}

bool PosixFlash::torn_now() {
  const std::lock_guard lock(tear_mutex_);
  return operations_left_ != 0 && --operations_left_ == 0;
}

void PosixFlash::tear_off(size_t offset, size_t length, const uint8_t* programmed) {
  std::mt19937_64 random(seed_);
  for (size_t i = 0; i < length; ++i) {
    uint8_t reached = 0;
    if (tear_ == Tear::half) reached = i < length / 2 ? 0xFF : 0;
    if (tear_ == Tear::random) reached = static_cast<uint8_t>(random());
    uint8_t& cell = bytes_[offset + i];
    cell = static_cast<uint8_t>(programmed != nullptr ? cell & (programmed[i] | ~reached) : cell | reached);
  }
  link_.send_torn(operation_);
  // The board cuts the power now, which ends the process. Until then the device has to be idle, because in stepped time
  // the board acts on an idle device only.
  for (;;) {
    link_.catch_up();
    blocker_.block_until(clock_.now_us() + kPollInterval);
  }
}

FlashResult PosixFlash::read(size_t offset, MutableBytes into) {
  if (!inside(offset, into.length)) return FlashResult::out_of_range;
  memcpy(into.data, bytes_ + offset, into.length);
  return FlashResult::ok;
}

FlashResult PosixFlash::program(size_t offset, Bytes bytes) {
  if (!inside(offset, bytes.length)) return FlashResult::out_of_range;
  if (offset % kProgramSize != 0 || bytes.length % kProgramSize != 0) return FlashResult::unaligned;
  if (torn_now()) tear_off(offset, bytes.length, bytes.data);
  for (size_t i = 0; i < bytes.length; ++i) bytes_[offset + i] &= bytes[i];
  return FlashResult::ok;
}

FlashResult PosixFlash::erase(size_t offset) {
  if (!inside(offset, kSectorSize)) return FlashResult::out_of_range;
  if (offset % kSectorSize != 0) return FlashResult::unaligned;
  const Millis takes = erase_ms_.load();
  const Micros end = clock_.now_us() + takes * 1000;
  if (torn_now()) {
    if (takes != 0) blocker_.block_until(end - takes * 500);
    tear_off(offset, kSectorSize, nullptr);
  }
  if (takes != 0) blocker_.block_until(end);
  memset(bytes_ + offset, 0xFF, kSectorSize);
  return FlashResult::ok;
}

std::string PosixPartition::open(const std::string& label) {
  uint8_t entry[kEntrySize];
  for (size_t at = kTableOffset; at < kTableOffset + kTableSize; at += kEntrySize) {
    if (chip_.read(at, entry) != FlashResult::ok || little_endian(entry, 2) != kEntryMagic) break;
    const char* name = reinterpret_cast<const char*>(entry + 12);
    if (label != std::string(name, strnlen(name, 16))) continue;
    start_ = little_endian(entry + 4, 4);
    size_ = little_endian(entry + 8, 4);
    if (start_ > chip_.size() || size_ > chip_.size() - start_)
      return "the partition '" + label + "' is outside the flash";
    return "";
  }
  return "the partition table at 0x8000 has no partition '" + label + "'; flash a complete image first";
}

FlashResult PosixPartition::read(size_t offset, MutableBytes into) {
  return inside(offset, into.length) ? chip_.read(start_ + offset, into) : FlashResult::out_of_range;
}

FlashResult PosixPartition::program(size_t offset, Bytes bytes) {
  return inside(offset, bytes.length) ? chip_.program(start_ + offset, bytes) : FlashResult::out_of_range;
}

FlashResult PosixPartition::erase(size_t offset) {
  return inside(offset, kSectorSize) ? chip_.erase(start_ + offset) : FlashResult::out_of_range;
}

}  // namespace pb::posix
