#pragma once

#include <cstddef>
#include <cstdint>

namespace pb::posix {

/// Prints `PANIC: <cause>` and a backtrace to the UART when the process is about to die, then lets it die by its
/// signal, as a chip's panic handler does. Addresses are offsets into the executable, for addr2line on the unstripped
/// file.
class CrashReporter {
 public:
  explicit CrashReporter(int uart_fd);
  ~CrashReporter();
  CrashReporter(const CrashReporter&) = delete;
  CrashReporter& operator=(const CrashReporter&) = delete;

  /// Says why the abort that follows happens.
  void set_cause(const char* cause) { cause_ = cause; }
  /// Writes the two lines now. Async-signal-safe.
  void report(const char* cause);
  /// A sanitizer has found something: the abort that follows says so.
  static void note_sanitizer_error();

 private:
  static void on_signal(int signal);

  void write_all(const char* bytes, size_t length) const;

  int uart_fd_;
  const char* cause_ = nullptr;
  uintptr_t load_address_ = 0;
  uintptr_t length_ = 0;  ///< of the executable in memory: frames of the host's libraries are left out
  char* signal_stack_;
};

}  // namespace pb::posix
