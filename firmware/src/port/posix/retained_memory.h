#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "port/crash_report.h"
#include "port/retained_ram.h"

namespace pb::posix {

/// The chip's retained memory: a memory file of the board, which outlives the process. It holds the bytes of
/// RetainedRam and, after them, the last crash.
class RetainedMemory final : public RetainedRam {
 public:
  /// Bytes of the memory file.
  static constexpr size_t kFileSize = 8'192;

  RetainedMemory() = default;
  ~RetainedMemory();
  RetainedMemory(const RetainedMemory&) = delete;
  RetainedMemory& operator=(const RetainedMemory&) = delete;

  /// Maps the board's memory file; -1: memory of this process. @return an empty text, or the error.
  std::string open(int fd);

  MutableBytes bytes() override { return {memory_, kSize}; }
  /// Records a crash. Async-signal-safe.
  void keep_crash(const CrashReport& report);
  /// Takes the recorded crash. @return false without a valid one.
  bool take_crash(CrashReport& report);

 private:
  struct Record {
    uint32_t magic;
    uint32_t crc;
    CrashReport report;
  };
  static constexpr uint32_t kMagic = 0x43724173;
  static_assert(kSize % alignof(Record) == 0 && kSize + sizeof(Record) <= kFileSize,
                "the record fits behind the bytes");

  static uint32_t crc_of(const Record& record);
  Record& record() { return *reinterpret_cast<Record*>(memory_ + kSize); }

  uint8_t* memory_ = nullptr;
};

}  // namespace pb::posix
