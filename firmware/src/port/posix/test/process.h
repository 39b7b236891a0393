#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "support/check.h"

namespace pb::posix {

/// A child process that runs `body`, which gets the write end of a pipe for its output, such as a panic.
class Process {
 public:
  template <class Body>
  explicit Process(Body body) {
    int fds[2];
    TEST_ASSERT_EQUAL(0, pipe(fds));
    child_ = fork();
    if (child_ == 0) {
      body(fds[1]);
      _exit(0);
    }
    close(fds[1]);
    printed_ = fds[0];
  }

  /// Waits until the process ends, and appends its output to `printed`. @return its exit code; -1 if a signal ended it
  int exit_code(std::string& printed) const {
    char bytes[4096];
    for (ssize_t count; (count = read(printed_, bytes, sizeof bytes)) > 0;)
      printed.append(bytes, static_cast<size_t>(count));
    close(printed_);
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_ = -1;
  int printed_ = -1;
};

}  // namespace pb::posix
