#pragma once

#include "features/logging/logger.h"
#include "port/uart.h"
#include "runtime/feature.h"

namespace pb {

/// One command of the console. `run` answers with exactly one Logger::answer, at once or later (once flash is written,
/// say).
struct Command {
  const char* name = "";
  const char* usage = "";  ///< the arguments, empty for none
  void (*run)(void* context, Text arguments, Logger& console) = nullptr;
  void* context = nullptr;
};

/// The console on the serial port: collects a line, finds the command, has it answered. It takes the next
/// command only after the answer, so that answers come in the order of the commands. It is polled behind the features
/// that answer, because it does not ask to be woken by input that it does not want yet.
class SerialDebug final : public Feature {
 public:
  static constexpr size_t kMaxCommands = 16;
  static constexpr size_t kMaxLine = 512;
  /// Bytes that one poll takes at most, so that the other features have their turn whoever floods the port.
  static constexpr size_t kMaxReadPerPoll = 1024;

  SerialDebug(Uart& uart, Logger& console);

  /// @return false when kMaxCommands are there already, or one of that name.
  bool add(Command command);

  const char* name() const override { return "serial_debug"; }
  Millis poll(Millis now) override;

 private:
  bool waiting() const { return console_.answers() != answers_due_; }
  void take(char character);
  void execute(Text line);
  void help() const;

  Uart& uart_;
  Logger& console_;
  Command commands_[kMaxCommands];
  size_t count_ = 0;
  char line_[kMaxLine];
  size_t length_ = 0;
  bool too_long_ = false;
  uint32_t answers_due_ = 0;
};

/// Splits the first word off `text`: it returns the word and leaves what comes after the blanks behind it.
Text take_word(Text& text);

}  // namespace pb
