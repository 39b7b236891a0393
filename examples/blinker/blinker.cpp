// A minimal program for the virtual board (docs/virtual-board.md), without any code of the charge point: it blinks an
// LED, faster while its button is held.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr int kLed = 18;
constexpr int kButton = 26;
constexpr long long kMs = 1000000;  // in ns, as all times are
constexpr long long kTelemetry = 500 * kMs;
constexpr int kSoftwareReset = 0x40 + 2;

int board_fd = -1;
int uart_fd = -1;

// The bench's clock, from the start of the program. In stepped time it is in shared memory and stands still while this
// program works; in real time it is the computer's clock.
class DeviceClock {
 public:
  void open(int page_fd, int link_fd) {
    void* page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, page_fd, 0);
    if (page == MAP_FAILED) _exit(2);
    page_ = static_cast<const long long*>(page);
    link_fd_ = link_fd;
  }

  void start() { start_ns_ = bench_ns(); }

  long long bench_ns() const {
    if (page_ != nullptr) return __atomic_load_n(page_, __ATOMIC_ACQUIRE);
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
  }

  long long now_ns() const { return bench_ns() - start_ns_; }

  // Waits until one of the two `ends` is readable, or until `deadline_ns`.
  void sleep(const pollfd (&ends)[2], long long deadline_ns) {
    pollfd all[] = {ends[0], ends[1], {link_fd_, POLLIN, 0}};
    if (page_ == nullptr) {
      const long long left_ns = deadline_ns - now_ns();
      poll(all, 2, left_ns > 0 ? static_cast<int>(left_ns / kMs) + 1 : 0);
      return;
    }
    for (;;) {
      take_questions();
      // Poll after reading the questions, so that an answer covers everything that the board sent before it.
      if (poll(all, 2, 0) > 0 || now_ns() >= deadline_ns) return;
      char message[64];
      const int length = snprintf(message, sizeof message, "idle %llu %lld 0", asked_, start_ns_ + deadline_ns);
      send(link_fd_, message, static_cast<size_t>(length), MSG_NOSIGNAL);
      poll(all, 3, -1);
    }
  }

 private:
  void take_questions() {
    char message[64];
    ssize_t length;
    while ((length = recv(link_fd_, message, sizeof message - 1, MSG_DONTWAIT)) > 0) {
      message[length] = 0;
      sscanf(message, "ask %llu", &asked_);  // the other message, `wake`, only ends the sleep
    }
    if (length == 0) _exit(0);
  }

  const long long* page_ = nullptr;
  int link_fd_ = -1;
  unsigned long long asked_ = 0;
  long long start_ns_ = 0;
};

DeviceClock device_clock;

// Prints a console line: `12.345 INFO led: text`. The port is non-blocking: as on a UART, bytes without room are lost.
__attribute__((format(printf, 3, 4))) void say(const char* level, const char* tag, const char* format, ...) {
  char text[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  dprintf(uart_fd, "%.3f %s %s: %s\r\n", static_cast<double>(device_clock.now_ns()) / 1e9, level, tag, text);
}

class Blinker {
 public:
  void press(bool held) {
    if (held == held_) return;
    held_ = held;
    say("INFO", "button", "%s", held ? "held" : "released");
    say("INFO", "led", "blinks at %d Hz", rate_hz());
    next_ns_ = device_clock.now_ns();
  }

  void set_rate(int hz) {
    idle_rate_hz_ = hz;
    next_ns_ = device_clock.now_ns();
  }

  int rate_hz() const { return held_ ? 5 * idle_rate_hz_ : idle_rate_hz_; }
  int blinks() const { return blinks_; }
  bool held() const { return held_; }

  // Toggles the LED when due. Returns the device time of the next toggle.
  long long poll(long long now_ns) {
    if (now_ns < next_ns_) return next_ns_;
    lit_ = !lit_;
    blinks_ += lit_;
    char message[64];
    const int length = snprintf(message, sizeof message, "pin %d %d %lld", kLed, lit_, device_clock.bench_ns());
    send(board_fd, message, static_cast<size_t>(length), MSG_NOSIGNAL);
    next_ns_ += 500 * kMs / rate_hz();  // from edge to edge, so that delays do not add up
    return next_ns_;
  }

 private:
  int idle_rate_hz_ = 1;
  int blinks_ = 0;
  bool held_ = false;
  bool lit_ = false;
  long long next_ns_ = 0;
};

// Handles the messages of the board. End of file means that the power is off.
void hear_board(Blinker& blinker, bool& running) {
  char message[128];
  ssize_t length;
  while ((length = recv(board_fd, message, sizeof message - 1, MSG_DONTWAIT)) > 0) {
    message[length] = 0;
    int gpio = 0;
    int level = 0;
    if (sscanf(message, "pin %d %d", &gpio, &level) == 2 && gpio == kButton) blinker.press(level != 0);
    if (strcmp(message, "go") == 0) running = true;
    // The board waits for this answer after a change of a setting: all earlier messages have taken effect.
    if (strncmp(message, "sync ", 5) == 0) send(board_fd, message, static_cast<size_t>(length), MSG_NOSIGNAL);
  }
  if (length == 0) _exit(0);
}

void obey(Blinker& blinker, const char* command) {
  int hz = 0;
  if (strcmp(command, "status") == 0) {
    dprintf(uart_fd, "> rate_hz=%d held=%s\r\n", blinker.rate_hz(), blinker.held() ? "yes" : "no");
  } else if (sscanf(command, "rate %d", &hz) == 1 && hz >= 1 && hz <= 10) {
    blinker.set_rate(hz);
    dprintf(uart_fd, "> ok\r\n");
  } else if (strcmp(command, "restart") == 0) {
    _exit(kSoftwareReset);
  } else if (strcmp(command, "crash") == 0) {
    say("FATAL", "main", "crashed on command");
    abort();
  } else {
    dprintf(uart_fd, "> error: status, rate 1..10, restart or crash\r\n");
  }
}

// Returns false when the console is closed.
bool hear_console(Blinker& blinker) {
  static char line[64];
  static size_t used = 0;
  char letter;
  ssize_t count;
  while ((count = read(uart_fd, &letter, 1)) == 1) {
    if (letter == '\r' || letter == '\n') {
      line[used] = 0;
      if (used > 0) obey(blinker, line);
      used = 0;
    } else if (used + 1 < sizeof line) {
      line[used++] = letter;
    }
  }
  return count != 0;
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  const char* reset = "power_on";
  int page_fd = -1;
  int link_fd = -1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--board-fd") == 0) board_fd = atoi(argv[i + 1]);
    if (strcmp(argv[i], "--uart-fd") == 0) uart_fd = atoi(argv[i + 1]);
    if (strcmp(argv[i], "--reset") == 0) reset = argv[i + 1];
    if (strcmp(argv[i], "--clock-page") == 0) page_fd = atoi(argv[i + 1]);
    if (strcmp(argv[i], "--clock-link") == 0) link_fd = atoi(argv[i + 1]);
  }
  if (board_fd < 0 || uart_fd < 0) {
    fprintf(stderr, "blinker is started by the virtual board: see docs/bring-your-own-firmware.md\n");
    return 2;
  }
  fcntl(uart_fd, F_SETFL, fcntl(uart_fd, F_GETFL) | O_NONBLOCK);
  if (page_fd >= 0) device_clock.open(page_fd, link_fd);
  device_clock.start();

  Blinker blinker;
  pollfd ends[] = {{board_fd, POLLIN, 0}, {uart_fd, POLLIN, 0}};
  bool running = false;
  while (!running) {
    poll(ends, 1, -1);
    hear_board(blinker, running);
  }
  say("INFO", "main", "blinker 1.0 starts, reset=%s", reset);
  say("INFO", "led", "blinks at %d Hz", blinker.rate_hz());
  for (long long report_ns = 0;;) {
    const long long now_ns = device_clock.now_ns();
    long long next_ns = blinker.poll(now_ns);
    if (now_ns >= report_ns) {
      say("STAT", "main", "uptime_s=%.3f blinks=%d rate_hz=%d", static_cast<double>(now_ns) / 1e9, blinker.blinks(),
          blinker.rate_hz());
      report_ns = now_ns + kTelemetry;
    }
    if (report_ns < next_ns) next_ns = report_ns;
    device_clock.sleep(ends, next_ns);
    hear_board(blinker, running);
    if (!hear_console(blinker)) ends[1].fd = -1;
  }
}
