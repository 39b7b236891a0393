#include "port/posix/stepped_clock.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace pb::posix {

SteppedClock::~SteppedClock() {
  if (page_ != nullptr) munmap(const_cast<int64_t*>(page_), kPageSize);
}

std::string SteppedClock::open(int page_fd) {
  const std::string name = "the clock page (descriptor " + std::to_string(page_fd) + ")";
  struct stat status{};
  if (fstat(page_fd, &status) != 0) return name + " cannot be mapped: " + strerror(errno);
  // Reading beyond the end of a shorter file would be a bus error.
  if (status.st_size < static_cast<off_t>(kPageSize))
    return name + " has " + std::to_string(status.st_size) + " bytes instead of " + std::to_string(kPageSize);
  void* mapped = mmap(nullptr, kPageSize, PROT_READ, MAP_SHARED, page_fd, 0);
  if (mapped == MAP_FAILED) return name + " cannot be mapped: " + strerror(errno);
  page_ = static_cast<const int64_t*>(mapped);
  start();
  return "";
}

}  // namespace pb::posix
