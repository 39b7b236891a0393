#include "port/posix/crash_reporter.h"

#include <execinfo.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>

#include "core/text_writer.h"

#if defined(__SANITIZE_ADDRESS__)
extern "C" {
// Signals are left to the reporter, and sanitizers end by abort, so that the board sees every crash in the same form.
const char* __asan_default_options() {
  return "detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_abort=0:handle_sigill=0:abort_on_error=1:"
         "allow_user_segv_handler=1:disable_coredump=0:allocator_may_return_null=0";
}
const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }
}
#endif
#if defined(__SANITIZE_THREAD__)
extern "C" {
const char* __tsan_default_options() {
  // Tests start devices by fork() while other threads run.
  return "halt_on_error=1:abort_on_error=1:handle_abort=0:handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe="
         "0:"
         "die_after_fork=0";
}
}
#endif

namespace pb::posix {

namespace {

/// The only global of the firmware: a signal handler gets no context.
std::atomic<CrashReporter*> g_reporter{nullptr};

constexpr int kSignals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
constexpr size_t kSignalStack = 64 * 1024;
/// Without a limit, a recursion without end would take the memory of the whole computer.
constexpr rlim_t kLargestStack = 8 * 1024 * 1024;
/// A frame that crosses the end of the stack can skip that many bytes before its first access.
constexpr uintptr_t kLargestFrame = 64 * 1024;

const char* cause_of(int signal) {
  switch (signal) {
    case SIGABRT:
      return "abort() was called";
    case SIGSEGV:
      return "invalid memory access (SIGSEGV)";
    case SIGBUS:
      return "bus error (SIGBUS)";
    case SIGFPE:
      return "arithmetic error (SIGFPE)";
    default:
      return "illegal instruction (SIGILL)";
  }
}

void limit_stack() {
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur <= kLargestStack) return;
  limit.rlim_cur = kLargestStack;
  setrlimit(RLIMIT_STACK, &limit);
}

/// @return the lowest address of the calling thread's stack, 0 if it is unknown
uintptr_t find_end_of_stack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* lowest = nullptr;
  size_t size = 0;
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<uintptr_t>(lowest);
}

struct Extent {
  uintptr_t start = 0;
  uintptr_t length = 0;
};

int note_extent(dl_phdr_info* info, size_t, void* result) {
  auto& extent = *static_cast<Extent*>(result);
  extent.start = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = info->dlpi_phdr[i];
    const uintptr_t end = header.p_vaddr + header.p_memsz;
    if (header.p_type == PT_LOAD && end > extent.length) extent.length = end;
  }
  return 1;  // the first entry is the executable
}

}  // namespace

CrashReporter::CrashReporter(int uart_fd) : uart_fd_(uart_fd), signal_stack_(new char[kSignalStack]) {
  Extent extent;
  dl_iterate_phdr(&note_extent, &extent);
  load_address_ = extent.start;
  length_ = extent.length;
  // The first call loads a library, which is not allowed inside a signal handler.
  void* frame[1];
  backtrace(frame, 1);
  g_reporter.store(this);

  limit_stack();
  end_of_stack_ = find_end_of_stack();
  // After a stack overflow the handler needs a stack of its own.
  stack_t stack{};
  stack.ss_sp = signal_stack_;
  stack.ss_size = kSignalStack;
  sigaltstack(&stack, nullptr);
  struct sigaction action{};
  action.sa_sigaction = &CrashReporter::on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

CrashReporter::~CrashReporter() {
  for (const int number : kSignals) signal(number, SIG_DFL);
  stack_t stack{};
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, nullptr);
  g_reporter.store(nullptr);
  delete[] signal_stack_;
}

void CrashReporter::report(const char* cause) {
  // Start with a line end, because the last line may be incomplete.
  char bytes[1024];
  TextWriter text{Span<char>(bytes)};
  text.append_all("\r\nPANIC: ", cause, "\r\nbacktrace:");
  CrashReport report;
  report.cause.assign(Text(cause).length <= report.cause.capacity() ? Text(cause)
                                                                    : Text(cause, report.cause.capacity()));
  void* frames[24];
  const int count = backtrace(frames, 24);
  for (int i = 0; i < count; ++i) {
    const uintptr_t offset = reinterpret_cast<uintptr_t>(frames[i]) - load_address_;
    if (offset >= length_) continue;
    text.append_all(" 0x", Hex{offset, 1});
    if (report.frame_count < CrashReport::kMaxFrames) report.frames[report.frame_count++] = offset;
  }
  if (memory_ != nullptr) memory_->keep_crash(report);
  text.append("\r\n");
  write_all(bytes, text.length());
}

void CrashReporter::write_all(const char* bytes, size_t length) const {
  while (length != 0) {
    const ssize_t written = write(uart_fd_, bytes, length);
    if (written > 0) {
      bytes += written;
      length -= static_cast<size_t>(written);
      continue;
    }
    pollfd writable{uart_fd_, POLLOUT, 0};
    if (poll(&writable, 1, 200) != 1) return;  // the port is not read: end without the report
  }
}

bool CrashReporter::is_end_of_stack(const void* address) const {
  const auto at = reinterpret_cast<uintptr_t>(address);
  return end_of_stack_ != 0 && at + kLargestFrame >= end_of_stack_ && at < end_of_stack_ + kLargestFrame;
}

void CrashReporter::on_signal(int signal, siginfo_t* info, void*) {
  if (CrashReporter* reporter = g_reporter.exchange(nullptr); reporter != nullptr) {
    const char* cause = reporter->cause_;
    if (cause == nullptr && signal == SIGSEGV && reporter->is_end_of_stack(info->si_addr)) {
      cause = "stack overflow (SIGSEGV)";
    }
    reporter->report(cause != nullptr ? cause : cause_of(signal));
  }
  raise(signal);  // the signal has its default handler again
}

void CrashReporter::note_sanitizer_error() {
  if (CrashReporter* reporter = g_reporter.load(); reporter != nullptr) {
    reporter->set_cause("the sanitizer found an error, see its report above");
  }
}

}  // namespace pb::posix

#if defined(__SANITIZE_ADDRESS__)
extern "C" {
// Called by the runtimes of the sanitizers with their report, before the abort.
void __asan_on_error() { pb::posix::CrashReporter::note_sanitizer_error(); }
void __ubsan_on_report() { pb::posix::CrashReporter::note_sanitizer_error(); }
}
#endif
#if defined(__SANITIZE_THREAD__)
extern "C" {
void __tsan_on_report(void*);
void __tsan_on_report(void*) { pb::posix::CrashReporter::note_sanitizer_error(); }
}
#endif
