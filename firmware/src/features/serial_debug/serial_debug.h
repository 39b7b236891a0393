#pragma once

#include "features/logging/logger.h"
#include "port/uart.h"
#include "runtime/feature.h"

namespace pb {

/// A command of the console. `run` makes exactly one Logger::answer, at once or later, for example after a write to
/// flash.
struct Command {
  const char* name = "";
  const char* usage = "";  ///< the arguments, empty for none
  void (*run)(void* context, Text arguments, Logger& console) = nullptr;
  void* context = nullptr;
};

/// The console on the serial port: reads lines, finds the command and runs it. It reads the next command only after the
/// answer, so answers come in the order of the commands. It must be polled after the features that answer, because
/// unread input does not wake it.
class SerialDebug final : public Feature {
 public:
  static constexpr size_t kMaxCommands = 16;
  static constexpr size_t kMaxLine = 512;
  /// The most bytes that one poll reads, so that a flood of input does not delay the other features.
  static constexpr size_t kMaxReadPerPoll = 1024;
  /// Commands may come faster than the port sends their answers: the next one waits for room for the longest answer.
  static constexpr size_t kAnswerRoom = Logger::kMaxLine + 2;
  /// The interval of the checks for that room, in which 115,200 baud send 115 bytes.
  static constexpr Millis kRoomWaitMs = 10;

  SerialDebug(Uart& uart, Logger& console);

  /// Adds a command of a new name, at start-up; at most kMaxCommands.
  void add(Command command);

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

/// Removes the first word and the blanks after it from `text`. @return the word.
Text take_word(Text& text);

}  // namespace pb
