#pragma once

#include <signal.h>

#include <cstddef>
#include <cstdint>

#include "port/posix/retained_memory.h"

namespace pb::posix {

/// Prints `PANIC: <cause>` and a backtrace to the UART before the process dies by its signal, as a chip's panic handler
/// does. Addresses are offsets into the executable, for addr2line on the unstripped file.
class CrashReporter {
 public:
  explicit CrashReporter(int uart_fd);
  ~CrashReporter();
  CrashReporter(const CrashReporter&) = delete;
  CrashReporter& operator=(const CrashReporter&) = delete;

  /// Sets the cause of the abort that follows.
  void set_cause(const char* cause) { cause_ = cause; }
  /// Sets the memory that keeps the crash for the next boot.
  void keep_in(RetainedMemory& memory) { memory_ = &memory; }
  /// Writes the two lines and the record now. Async-signal-safe.
  void report(const char* cause);
  /// Records that a sanitizer has found an error, as the cause of the abort that follows.
  static void note_sanitizer_error();

 private:
  static void on_signal(int signal, siginfo_t* info, void* context);

  bool is_end_of_stack(const void* address) const;

  void write_all(const char* bytes, size_t length) const;

  int uart_fd_;
  RetainedMemory* memory_ = nullptr;
  const char* cause_ = nullptr;
  uintptr_t load_address_ = 0;
  uintptr_t length_ = 0;        ///< the length of the executable in memory; frames of host libraries are omitted
  uintptr_t end_of_stack_ = 0;  ///< the lowest address of the loop's stack
  char* signal_stack_;
};

}  // namespace pb::posix
