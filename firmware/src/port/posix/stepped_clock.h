#pragma once

#include <string>

#include "port/posix/posix_clock.h"

namespace pb::posix {

/// Stepped time: the bench keeps the time in shared memory, and stops it while the device works
/// (docs/virtual-board.md).
class SteppedClock final : public PosixClock {
 public:
  SteppedClock() = default;
  ~SteppedClock() override;
  SteppedClock(const SteppedClock&) = delete;
  SteppedClock& operator=(const SteppedClock&) = delete;

  /// Maps the bench's page. @return an empty text, or the error.
  std::string open(int page_fd);

  int64_t bench_ns() const override { return __atomic_load_n(page_, __ATOMIC_ACQUIRE); }

 private:
  static constexpr size_t kPageSize = 4096;

  const int64_t* page_ = nullptr;
};

}  // namespace pb::posix
