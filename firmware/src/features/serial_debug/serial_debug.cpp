#include "features/serial_debug/serial_debug.h"

#include "core/require.h"
#include "core/utf8.h"

namespace pb {

Text take_word(Text& text) {
  size_t start = 0;
  while (start < text.length && text.data[start] == ' ') ++start;
  size_t end = start;
  while (end < text.length && text.data[end] != ' ') ++end;
  const Text word(text.data + start, end - start);
  while (end < text.length && text.data[end] == ' ') ++end;
  text = Text(text.data + end, text.length - end);
  return word;
}

SerialDebug::SerialDebug(Uart& uart, Logger& console) : uart_(uart), console_(console) {
  add({"help", "", [](void* self, Text, Logger&) { static_cast<SerialDebug*>(self)->help(); }, this});
}

void SerialDebug::add(Command command) {
  require(count_ < kMaxCommands);
  for (size_t i = 0; i < count_; ++i) require(Text(commands_[i].name) != Text(command.name));
  commands_[count_++] = command;
}

Millis SerialDebug::poll(Millis now) {
  const uint32_t due = answers_due_;
  for (size_t count = 0; count < kMaxReadPerPoll; ++count) {
    uint8_t byte;
    // A new command may need a feature that is polled before this one, so the next round follows at once. If a command
    // was waiting for its answer before this poll, the loop may sleep: the feature that answers is polled before this
    // one, too.
    if (waiting()) return answers_due_ == due ? kNever : now;
    if (length_ == 0 && uart_.space() < kAnswerRoom) return now + kRoomWaitMs;
    if (uart_.read({&byte, 1}) == 0) return answers_due_ == due ? kNever : now;
    take(static_cast<char>(byte));
  }
  return now;
}

void SerialDebug::take(char character) {
  constexpr char kBackspace = '\b';
  constexpr char kDelete = 0x7F;
  constexpr char kCancel = 0x15;  // Ctrl-U
  switch (character) {
    case '\r':
    case '\n':
      if (too_long_) {
        ++answers_due_;
        console_.answer("error: the line is longer than ", kMaxLine, " bytes");
      } else if (length_ != 0) {
        execute({line_, length_});
      }
      length_ = 0;
      too_long_ = false;
      return;
    case kBackspace:
    case kDelete:
      while (length_ != 0 && is_utf8_continuation(line_[length_ - 1])) --length_;
      if (length_ != 0) --length_;
      return;
    case kCancel:
      length_ = 0;
      too_long_ = false;
      return;
    default:
      if (length_ == kMaxLine) {
        too_long_ = true;
        return;
      }
      line_[length_++] = character;
  }
}

void SerialDebug::execute(Text line) {
  // The text becomes JSON, in the storage and in messages to the CSMS, and JSON cannot carry other bytes unchanged.
  if (!is_utf8(line.bytes())) {
    ++answers_due_;
    console_.answer("error: the line is not UTF-8; set the terminal to it");
    return;
  }
  // No value may have a NUL: texts of ESP-IDF end at it.
  if (find(line, '\0') < line.length) {
    ++answers_due_;
    console_.answer("error: the line has a NUL character");
    return;
  }
  const Text word = take_word(line);
  if (word.empty()) return;
  ++answers_due_;
  line = trimmed(line);
  for (size_t i = 0; i < count_; ++i) {
    if (word == Text(commands_[i].name)) {
      if (commands_[i].usage[0] == '\0' && !line.empty()) {
        return console_.answer("error: ", word, " takes no argument");
      }
      commands_[i].run(commands_[i].context, line, console_);
      return;
    }
  }
  console_.answer("error: unknown command '", word, "', try help");
}

void SerialDebug::help() const {
  console_.answer_by([this](TextWriter& text) {
    for (size_t i = 0; i < count_; ++i) {
      if (i != 0) text.append(", ");
      text.append(commands_[i].name);
      if (commands_[i].usage[0] != '\0') text.append(' ').append(commands_[i].usage);
    }
  });
}

}  // namespace pb
