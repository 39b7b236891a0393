#include "port/posix/retained_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/crc32.h"

namespace pb::posix {

RetainedMemory::~RetainedMemory() {
  if (memory_ != nullptr) munmap(memory_, kFileSize);
}

std::string RetainedMemory::open(int fd) {
  const std::string name = "the retained memory (descriptor " + std::to_string(fd) + ")";
  if (fd >= 0) {
    struct stat status{};
    if (fstat(fd, &status) != 0) return name + " cannot be mapped: " + strerror(errno);
    // Reading beyond the end of a shorter file would be a bus error.
    if (status.st_size < static_cast<off_t>(kFileSize))
      return name + " has " + std::to_string(status.st_size) + " bytes instead of " + std::to_string(kFileSize);
  }
  const int flags = fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  void* mapped = mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, flags, fd, 0);
  if (mapped == MAP_FAILED) return name + " cannot be mapped: " + strerror(errno);
  memory_ = static_cast<uint8_t*>(mapped);
  return "";
}

uint32_t RetainedMemory::crc_of(const Record& record) {
  return crc32({reinterpret_cast<const uint8_t*>(&record.report), sizeof record.report});
}

void RetainedMemory::keep_crash(const CrashReport& report) {
  if (memory_ == nullptr) return;
  memcpy(&record().report, &report, sizeof report);
  record().crc = crc_of(record());
  record().magic = kMagic;
}

bool RetainedMemory::take_crash(CrashReport& report) {
  if (record().magic != kMagic || record().crc != crc_of(record())) return false;
  record().magic = 0;
  memcpy(&report, &record().report, sizeof report);
  return true;
}

}  // namespace pb::posix
