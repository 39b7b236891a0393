// A device program that has nothing in common with the charge point: it blinks an LED, faster while its button is held.
// It shows what the virtual board asks of a program (docs/design.md, section 5), and nothing else.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr int kLed = 18;
constexpr int kButton = 26;
constexpr long long kTelemetryMs = 500;
constexpr int kSoftwareReset = 0x40 + 2;

int board_fd = -1;
int uart_fd = -1;

long long now_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// The board may let time run faster: device time goes on from where it was, at the new speed.
class ScaledClock {
 public:
  void set_scale(double scale) {
    base_ms_ = now_ms();
    since_ns_ = now_ns();
    scale_ = scale;
  }
  double now_ms() const { return base_ms_ + static_cast<double>(now_ns() - since_ns_) / 1e6 * scale_; }
  int real_ms(double device_ms) const { return device_ms <= 0 ? 0 : static_cast<int>(device_ms / scale_) + 1; }

 private:
  double base_ms_ = 0;
  long long since_ns_ = now_ns();
  double scale_ = 1;
};

ScaledClock device_clock;

// One line of the console: `12.345 INFO led: text`. The port is non-blocking: what does not fit is lost, as on a UART.
__attribute__((format(printf, 3, 4))) void say(const char* level, const char* tag, const char* format, ...) {
  char text[160];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  dprintf(uart_fd, "%.3f %s %s: %s\r\n", device_clock.now_ms() / 1000, level, tag, text);
}

class Blinker {
 public:
  void press(bool held) {
    if (held == held_) return;
    held_ = held;
    say("INFO", "button", "%s", held ? "held" : "released");
    say("INFO", "led", "blinks at %d Hz", rate_hz());
    next_ms_ = device_clock.now_ms();
  }

  void set_rate(int hz) {
    idle_rate_hz_ = hz;
    next_ms_ = device_clock.now_ms();
  }

  int rate_hz() const { return held_ ? 5 * idle_rate_hz_ : idle_rate_hz_; }
  int blinks() const { return blinks_; }
  bool held() const { return held_; }

  // Toggles the LED when it is due; returns the device time in ms of the next time.
  double poll(double now_ms) {
    if (now_ms < next_ms_) return next_ms_;
    lit_ = !lit_;
    blinks_ += lit_;
    char message[64];
    const int length = snprintf(message, sizeof message, "pin %d %d %lld", kLed, lit_, now_ns());
    send(board_fd, message, static_cast<size_t>(length), MSG_NOSIGNAL);
    next_ms_ += 500.0 / rate_hz();  // from edge to edge, so that lateness does not add up
    return next_ms_;
  }

 private:
  int idle_rate_hz_ = 1;
  int blinks_ = 0;
  bool held_ = false;
  bool lit_ = false;
  double next_ms_ = 0;
};

// Everything that came from the board. End of file means that the power is off.
void hear_board(Blinker& blinker, bool& running) {
  char message[128];
  ssize_t length;
  while ((length = recv(board_fd, message, sizeof message - 1, MSG_DONTWAIT)) > 0) {
    message[length] = 0;
    int gpio = 0;
    int level = 0;
    double scale = 0;
    if (sscanf(message, "pin %d %d", &gpio, &level) == 2 && gpio == kButton) blinker.press(level != 0);
    if (sscanf(message, "clock %lf", &scale) == 1 && scale > 0) device_clock.set_scale(scale);
    if (strcmp(message, "go") == 0) running = true;
    // Who changed a setting waits for this: everything before it has taken effect.
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

void hear_console(Blinker& blinker) {
  static char line[64];
  static size_t used = 0;
  char letter;
  while (read(uart_fd, &letter, 1) == 1) {
    if (letter == '\r' || letter == '\n') {
      line[used] = 0;
      if (used > 0) obey(blinker, line);
      used = 0;
    } else if (used + 1 < sizeof line) {
      line[used++] = letter;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  const char* reset = "power_on";
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--board-fd") == 0) board_fd = atoi(argv[i + 1]);
    if (strcmp(argv[i], "--uart-fd") == 0) uart_fd = atoi(argv[i + 1]);
    if (strcmp(argv[i], "--reset") == 0) reset = argv[i + 1];
    if (strcmp(argv[i], "--clock-scale") == 0) device_clock.set_scale(atof(argv[i + 1]));
  }
  if (board_fd < 0 || uart_fd < 0) {
    fprintf(stderr, "blinker is started by the virtual board: see docs/bring-your-own-firmware.md\n");
    return 2;
  }
  fcntl(uart_fd, F_SETFL, fcntl(uart_fd, F_GETFL) | O_NONBLOCK);

  Blinker blinker;
  pollfd ends[] = {{board_fd, POLLIN, 0}, {uart_fd, POLLIN, 0}};
  bool running = false;
  while (!running) {
    poll(ends, 1, -1);
    hear_board(blinker, running);
  }
  say("INFO", "main", "blinker 1.0 starts, reset=%s", reset);
  say("INFO", "led", "blinks at %d Hz", blinker.rate_hz());
  for (double report_ms = device_clock.now_ms();;) {
    const double now_ms = device_clock.now_ms();
    double next_ms = blinker.poll(now_ms);
    if (now_ms >= report_ms) {
      say("STAT", "main", "uptime_s=%.3f blinks=%d rate_hz=%d", now_ms / 1000, blinker.blinks(), blinker.rate_hz());
      report_ms = now_ms + kTelemetryMs;
    }
    if (report_ms < next_ms) next_ms = report_ms;
    poll(ends, 2, device_clock.real_ms(next_ms - now_ms));
    hear_board(blinker, running);
    hear_console(blinker);
  }
}
