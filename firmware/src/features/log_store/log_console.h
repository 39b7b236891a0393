#pragma once

#include "features/log_store/log_store.h"

namespace pb {

/// Prints the stored log on the console, in parts for which the UART has room, and then the answer to the command.
class LogConsole final : public Feature {
 public:
  static constexpr uint32_t kTailLines = 20;

  LogConsole(LogStore& store, Storage& storage, Logger& log) : store_(store), storage_(storage), log_(log) {}

  /// Prints all lines on flash and in the ring.
  void dump() { start(Source::begin, UINT32_MAX); }
  /// Prints the last lines.
  void tail(uint32_t lines) { start(Source::begin, lines); }
  /// Prints the last crash: the log before it, and its line.
  void crash() { start(Source::crash_pending, 0); }

  const char* name() const override { return "log_console"; }
  Millis poll(Millis now) override;

 private:
  /// The source that is being read. A dump counts the lines first, from the newest file to the oldest.
  enum class Source : uint8_t { none, begin, count, files, ring, crash_pending, crash_log, crash };

  /// The pause until the UART has room again, or the flash is free.
  static constexpr Millis kPause = 10;
  /// Lines printed in one poll.
  static constexpr int kLinesPerPoll = 8;
  static constexpr size_t kRoom = LogRing::kMaxLine + kTimestampLength + 8;

  void start(Source source, uint32_t lines);
  void read(Text name, OnLoss on_loss = OnLoss::report);
  void begin();
  void count();
  void print_file(Text name, Source next);
  void print_ring();
  void print(Text line);
  void end();

  LogStore& store_;
  Storage& storage_;
  Logger& log_;

  Source source_ = Source::none;
  uint32_t wanted_ = 0;  ///< lines
  uint32_t file_ = 0;    ///< number of the file
  size_t offset_ = 0;    ///< the place in the file
  uint32_t place_ = 0;   ///< the place in the ring
  uint32_t end_ = 0;     ///< the end of the ring's lines
  uint32_t counted_ = 0;
  uint32_t skip_ = 0;  ///< lines that are not printed
  uint32_t printed_ = 0;
  bool is_damaged_ = false;  ///< whether a file of the crash cannot be read
  bool is_read_ = false;     ///< whether content_ has the present file, in this poll
  Text content_;             ///< the content of the file, in the storage's scratch buffer
};

}  // namespace pb
