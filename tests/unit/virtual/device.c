// A device for the tests of the virtual board: it speaks the protocol of docs/virtual-board.md, in real and in stepped
// time, and obeys the commands on its console, one a line.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int board, uart, clock_link = -1;
static const long long* clock_page;
static unsigned char* flash;
static int running;

static const char* option(int argc, char** argv, const char* name) {
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], name) == 0) return argv[i + 1];
  }
  return NULL;
}

static const char* argument(int argc, char** argv, const char* name) {
  const char* value = option(argc, argv, name);
  if (!value) _exit(99);
  return value;
}

static long long bench_ns(void) {
  if (clock_page) return __atomic_load_n(clock_page, __ATOMIC_ACQUIRE);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// Waits for the board and the console, without a deadline of its own.
static void wait_for_input(struct pollfd* ends) {
  if (clock_link < 0 || !running) {
    poll(ends, 2, -1);
    return;
  }
  static unsigned long long asked;
  struct pollfd all[] = {ends[0], ends[1], {.fd = clock_link, .events = POLLIN}};
  for (;;) {
    char message[64];
    ssize_t length;
    while ((length = recv(clock_link, message, sizeof message - 1, MSG_DONTWAIT)) > 0) {
      message[length] = 0;
      sscanf(message, "ask %llu", &asked);
    }
    if (length == 0) _exit(0);
    // Poll after reading the question, so that an answer covers everything sent before it.
    if (poll(ends, 2, 0) > 0) return;
    int written = snprintf(message, sizeof message, "idle %llu never 0", asked);
    send(clock_link, message, (size_t)written, 0);
    poll(all, 3, -1);
  }
}

static void print(const char* text) {
  if (write(uart, text, strlen(text)) < 0) return;
}

static void drive(int gpio, int level) {
  char message[64];
  int length = snprintf(message, sizeof message, "pin %d %d %lld", gpio, level, bench_ns());
  send(board, message, (size_t)length, 0);
}

// Copies GPIO 32 to GPIO 22 and prints every other message on the console.
static void from_board(void) {
  char message[256];
  ssize_t length = recv(board, message, sizeof message - 1, 0);
  if (length <= 0) _exit(0);
  message[length] = 0;
  if (strncmp(message, "sync", 4) == 0) {
    send(board, message, (size_t)length, 0);
    return;
  }
  if (strcmp(message, "go") == 0) running = 1;
  int gpio, level;
  if (sscanf(message, "pin %d %d", &gpio, &level) == 2 && gpio == 32) drive(22, level);
  char line[300];
  snprintf(line, sizeof line, "board: %s\r\n", message);
  print(line);
}

static void from_console(char* command) {
  int number, other;
  if (sscanf(command, "exit %d", &number) == 1) _exit(number);
  if (strcmp(command, "abort") == 0) abort();
  if (strcmp(command, "spin") == 0) {
    print("= spin\r\n");
    for (volatile int turns = 0;; turns++) {
    }
  }
  if (strcmp(command, "torn") == 0) {
    send(board, "torn 1", 6, 0);
    for (;;) pause();
  }
  if (strncmp(command, "power ", 6) == 0 || strncmp(command, "sntp ", 5) == 0) {
    send(board, command, strlen(command), 0);
  }
  if (sscanf(command, "drive %d %d", &number, &other) == 2) drive(number, other);
  if (sscanf(command, "program %x %x", &number, &other) == 2) flash[number] &= (unsigned char)other;
  char line[512];
  snprintf(line, sizeof line, "= %s\r\n", command);
  print(line);
}

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  board = atoi(argument(argc, argv, "--board-fd"));
  uart = atoi(argument(argc, argv, "--uart-fd"));
  int file = open(argument(argc, argv, "--flash"), O_RDWR);
  flash = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (flash == MAP_FAILED) _exit(98);
  if (option(argc, argv, "--clock-link")) {
    clock_link = atoi(argument(argc, argv, "--clock-link"));
    clock_page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, atoi(argument(argc, argv, "--clock-page")), 0);
    if (clock_page == MAP_FAILED) _exit(97);
  }
  char line[512];
  snprintf(line, sizeof line, "I (0) boot: test-device 1 build=00000000 reset=%s\r\n", argument(argc, argv, "--reset"));
  print(line);

  char input[256];
  size_t used = 0;
  struct pollfd ends[] = {{.fd = board, .events = POLLIN}, {.fd = uart, .events = POLLIN}};
  for (;;) {
    wait_for_input(ends);
    if (ends[0].revents) from_board();
    if (!(ends[1].revents & POLLIN)) continue;
    ssize_t got = read(uart, input + used, sizeof input - 1 - used);
    if (got > 0) used += (size_t)got;
    if (got == 0) ends[1].fd = -1;  // the console is closed
    input[used] = 0;
    char* end;
    while ((end = strpbrk(input, "\r\n"))) {
      *end = 0;
      if (*input) from_console(input);
      used -= (size_t)(end + 1 - input);
      memmove(input, end + 1, used + 1);
    }
  }
}
