#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "port/mapped_flash.h"
#include "port/posix/board_link.h"
#include "port/posix/posix_clock.h"
#include "port/posix/sleeper.h"

namespace pb::posix {

/// The whole flash chip: a shared mapping of a file that behaves like NOR flash. It can simulate slow erases, and a
/// write torn by a power cut.
class PosixFlash final : public Flash {
 public:
  /// @param blocker blocks the calling thread during a slow operation
  PosixFlash(const PosixClock& clock, Blocker& blocker, BoardLink& link)
      : clock_(clock), blocker_(blocker), link_(link) {}
  ~PosixFlash();
  PosixFlash(const PosixFlash&) = delete;
  PosixFlash& operator=(const PosixFlash&) = delete;

  /// Maps the file. @return an empty text, or the error.
  std::string open(const std::string& path);

  /// Sets the device time of a sector erase, in ms.
  void set_erase_time(Millis ms) { erase_ms_.store(ms); }
  /// Tears the `operation`-th program or erase from now. By `mode` the flash gets `none` of the operation, its first
  /// `half`, or a `random` part of the bits, chosen by `seed`. With `operation` 0 nothing is torn.
  void tear(uint64_t operation, const std::string& mode, uint64_t seed);
  void set_claims_full(bool full) { full_.store(full); }

  Bytes mapped() const { return {bytes_, size_}; }

  size_t size() const override { return size_; }
  FlashResult read(size_t offset, MutableBytes into) override;
  FlashResult program(size_t offset, Bytes bytes) override;
  FlashResult erase(size_t offset) override;
  bool claims_full() const override { return full_.load(); }

 private:
  enum class Tear : uint8_t { none, half, random };

  bool inside(size_t offset, size_t length) const { return offset <= size_ && length <= size_ - offset; }
  /// Counts an operation. @return whether it is the one to tear.
  bool torn_now();
  /// Programs or erases the part that the torn operation has reached, notifies the board, and blocks forever.
  /// @param programmed the bytes to program; nullptr: an erase
  [[noreturn]] void tear_off(size_t offset, size_t length, const uint8_t* programmed);

  const PosixClock& clock_;
  Blocker& blocker_;
  BoardLink& link_;
  uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
  std::atomic<Millis> erase_ms_{0};
  std::atomic<bool> full_{false};
  std::mutex tear_mutex_;
  uint64_t operations_left_ = 0;
  uint64_t operation_ = 0;
  Tear tear_ = Tear::none;
  uint64_t seed_ = 0;
};

/// A part of the chip, from the partition table at 0x8000 (ESP-IDF: "Partition Tables").
class PosixPartition final : public MappedFlash {
 public:
  explicit PosixPartition(PosixFlash& chip) : chip_(chip) {}

  /// Finds the partition by its label. @return an empty text, or the error.
  std::string open(const std::string& label);

  size_t size() const override { return size_; }
  Bytes mapped() const override { return {chip_.mapped().data + start_, size_}; }
  FlashResult read(size_t offset, MutableBytes into) override;
  FlashResult program(size_t offset, Bytes bytes) override;
  FlashResult erase(size_t offset) override;
  bool claims_full() const override { return chip_.claims_full(); }

 private:
  bool inside(size_t offset, size_t length) const { return offset <= size_ && length <= size_ - offset; }

  PosixFlash& chip_;
  size_t start_ = 0;
  size_t size_ = 0;
};

}  // namespace pb::posix
