#pragma once

#include "core/json_writer.h"
#include "core/text_writer.h"
#include "features/logging/log_levels.h"
#include "port/clock.h"
#include "port/uart.h"

namespace pb {

/// A receiver of each log line of the console, on the loop, after it was printed. It receives lines without their
/// end, and neither telemetry nor answers. It may change the line.
struct LogSink {
  void (*call)(void* context, LogLevel level, Span<char> line) = nullptr;
  void* context = nullptr;
};

/// Writes whole lines to the console, in order. It is the only writer of the UART and runs in the loop's thread. A line
/// is `I (12345) tag: text`, where the number is milliseconds since the start. Text and numbers are arguments:
///
///     log.info("wifi", "joined, signal ", rssi, " dBm");
///
/// Values that a program reads are fields at the end: `Field{"rssi", rssi}` becomes ` rssi=-61` (docs/log-format.md).
/// Control characters, and bytes that are not UTF-8, become `?`: one call is always one line, and a line is text.
class Logger {
 public:
  /// Longer lines are cut, end in `...` and are counted.
  static constexpr size_t kMaxLine = 3072;

  Logger(const Clock& clock, Uart& uart) : clock_(clock), uart_(uart) {}

  template <class... Parts>
  void error(Text tag, const Parts&... parts) {
    log(LogLevel::error, tag, parts...);
  }
  template <class... Parts>
  void warning(Text tag, const Parts&... parts) {
    log(LogLevel::warning, tag, parts...);
  }
  template <class... Parts>
  void info(Text tag, const Parts&... parts) {
    log(LogLevel::info, tag, parts...);
  }
  template <class... Parts>
  void debug(Text tag, const Parts&... parts) {
    log(LogLevel::debug, tag, parts...);
  }
  /// Like info(), but printed at every level, and on the console only. For a secret that its owner must read and that
  /// no log is allowed to keep.
  template <class... Parts>
  void reveal(Text tag, const Parts&... parts) {
    print('I', tag, parts...);
  }
  /// Prints a telemetry record with the letter `T`, at any level.
  template <class... Parts>
  void telemetry(Text tag, const Parts&... parts) {
    print('T', tag, parts...);
  }
  /// Prints the one line that answers a console command: `= ` and the text.
  template <class... Parts>
  void answer(const Parts&... parts) {
    TextWriter line = begin_line();
    line.append("= ").append_all(parts...);
    finish(line);
    ++answers_;
  }
  /// Like answer(), but `write` writes the text directly into the line. @param write takes a TextWriter&
  template <class Write>
  void answer_by(Write write) {
    TextWriter line = begin_line();
    line.append("= ");
    write(line);
    finish(line);
    ++answers_;
  }
  /// Like telemetry() and answer(), but `write` writes JSON directly into the line, which saves a large buffer on the
  /// stack. @param write takes a JsonWriter&  @return false, with nothing printed, when it did not fit
  template <class Write>
  bool telemetry_json(Text tag, Write write) {
    TextWriter line = begin_line();
    line.append_all("T (", clock_.now(), ") ", tag, ": ");
    return finish_json(line.length(), write);
  }
  /// As telemetry_json(), but for an answer. If it does not fit, prints an error instead, because the console waits for
  /// an answer.
  template <class Write>
  void answer_json(Write write) {
    begin_line().append("= ");
    if (!finish_json(2, write)) return answer("error: the answer is longer than a line of the console");
    ++answers_;
  }
  /// Prints a line of the log again, with `L ` before it. @param line as a LogSink received it, also with a wall time
  void stored(Text line) { print_stored(line); }
  /// Returns how many bytes of lines fit into the UART's buffer now.
  size_t space() { return uart_.space(); }
  /// Returns the number of answers since the start; the console waits for one before it reads the next command.
  uint32_t answers() const { return answers_; }

  /// Suppresses lines that are less important than the level of their tag.
  void set_levels(const LogLevels& levels) { levels_ = levels; }
  LogLevels& levels() { return levels_; }
  void set_sink(LogSink sink) { sink_ = sink; }
  /// Returns the number of lines that were cut at kMaxLine.
  uint32_t cut_lines() const { return cut_lines_; }
  /// Returns the number of bytes that the UART dropped because they were not read in time.
  uint32_t dropped_bytes() const { return uart_.dropped(); }

 private:
  template <class... Parts>
  void log(LogLevel level, Text tag, const Parts&... parts) {
    if (level > levels_.of(tag)) return;
    const Span<char> line = print("EWID"[static_cast<size_t>(level)], tag, parts...);
    if (sink_.call != nullptr) sink_.call(sink_.context, level, line);
  }
  template <class... Parts>
  Span<char> print(char letter, Text tag, const Parts&... parts) {
    TextWriter line = begin_line();
    line.append_all(letter, " (", clock_.now(), ") ", tag, ": ", parts...);
    return finish(line);
  }
  void print_stored(Text line);
  template <class Write>
  bool finish_json(size_t length, Write write) {
    JsonWriter json(Span<char>(line_ + length, kMaxLine - length));
    write(json);
    if (!json.ok()) return false;
    send(length + json.text().length);
    return true;
  }
  TextWriter begin_line() { return TextWriter(Span<char>(line_, kMaxLine)); }
  Span<char> finish(const TextWriter& line);
  /// Ends the line after `length` bytes and writes it. @return the line without its end, valid until the next one
  Span<char> send(size_t length);

  const Clock& clock_;
  Uart& uart_;
  LogLevels levels_;
  LogSink sink_;
  uint32_t cut_lines_ = 0;
  uint32_t answers_ = 0;
  char line_[kMaxLine + 2];  ///< with \r\n; not on the stack, which is small on the chip
};

}  // namespace pb
