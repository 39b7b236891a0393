#include "features/log_store/log_console.h"

namespace pb {

namespace {

/// A damaged file may look like one of the oldest format, which has no checksum. The header has control characters.
bool is_log(Bytes content) {
  for (const uint8_t byte : content) {
    if (byte < ' ' && byte != '\n') return false;
  }
  return true;
}

}  // namespace

void LogConsole::start(Source source, uint32_t lines) {
  store_.hold(source != Source::crash_pending);
  source_ = source;
  wanted_ = lines;
  file_ = store_.last_file();
  offset_ = 0;
  counted_ = 0;
  skip_ = 0;
  printed_ = 0;
  end_ = 0;
  is_damaged_ = false;
}

Millis LogConsole::poll(Millis now) {
  if (source_ == Source::none) return kNever;
  if (source_ == Source::crash_pending && !store_.crash_pending(true)) {
    store_.hold(true);
    source_ = Source::crash_log;
  }
  if (source_ == Source::crash_pending || store_.busy() || storage_.busy()) return now + kPause;
  // Another feature may have used the buffer since the last poll, so read the file again.
  is_read_ = false;
  for (int i = 0; i < kLinesPerPoll; ++i) {
    if (log_.space() < kRoom) return now + kPause;
    switch (source_) {
      case Source::none:
      case Source::crash_pending:
        return kNever;
      case Source::begin:
        begin();
        break;
      case Source::count:
        count();
        break;
      case Source::files:
        if (file_ == store_.last_file() + 1) {
          source_ = Source::ring;
        } else {
          print_file(LogStore::name_of_file(file_).text(), Source::files);
        }
        break;
      case Source::ring:
        print_ring();
        break;
      case Source::crash_log:
        print_file(LogStore::kCrashLogFile, Source::crash);
        break;
      case Source::crash:
        print_file(LogStore::kCrashFile, Source::none);
        break;
    }
  }
  return source_ == Source::none ? kNever : now;
}

/// Reads a file into content_. A missing or damaged file leaves it empty.
void LogConsole::read(Text name, OnLoss on_loss) {
  is_read_ = true;
  content_ = Text();
  const MutableBytes into = storage_.scratch();
  if (into.empty()) return;
  size_t length = 0;
  const StorageResult result = storage_.read(name, into, length, on_loss);
  const bool is_text = is_log({into.data, length});
  if (result == StorageResult::ok && is_text) content_ = Text(reinterpret_cast<const char*>(into.data), length);
  if (!is_text && on_loss == OnLoss::report) log_.error("log", "the file ", name, " is lost: it has no text");
  is_damaged_ = is_damaged_ || !is_text || (result != StorageResult::ok && result != StorageResult::not_found);
}

/// Counts the lines of the ring that are not in a file.
void LogConsole::begin() {
  place_ = store_.unstored();
  end_ = store_.ring().end();
  file_ = store_.last_file();
  for (uint32_t place = place_; place != end_; ++counted_) {
    char ignored[1];
    store_.ring().read(place, {ignored, 0});
  }
  source_ = Source::count;
}

/// Counts the lines of one file, from the newest file to the oldest. When there are enough lines, or no older file,
/// printing begins at the file that was counted last.
void LogConsole::count() {
  if (counted_ < wanted_ && store_.first_file() <= file_ && file_ <= store_.last_file()) {
    read(LogStore::name_of_file(file_).text(), OnLoss::ignore);
    for (size_t i = 0; i < content_.length; ++i) counted_ += content_.data[i] == '\n' ? 1 : 0;
    --file_;
    return;
  }
  ++file_;
  is_read_ = false;
  skip_ = counted_ > wanted_ ? counted_ - wanted_ : 0;
  source_ = Source::files;
}

/// Prints one line of a file, or goes on to the next file.
void LogConsole::print_file(Text name, Source next) {
  if (!is_read_) read(name);
  const Text rest(content_.data + offset_, content_.length > offset_ ? content_.length - offset_ : 0);
  if (rest.empty()) {
    is_read_ = false;
    offset_ = 0;
    ++file_;
    if (next == Source::none) return end();
    source_ = next;
    return;
  }
  size_t length = 0;
  while (length < rest.length && rest.data[length] != '\n') ++length;
  offset_ += length < rest.length ? length + 1 : length;
  print({rest.data, length});
}

void LogConsole::print_ring() {
  if (!store_.ring().has(place_)) place_ = store_.ring().begin();
  // Since begin() the ring may have dropped all wanted lines. Then place_ is behind end_, and the difference is huge.
  const uint32_t left = end_ - place_;
  if (left == 0 || left > LogRing::kCapacity) return end();
  char line[LogRing::kMaxLine];
  print(store_.ring().read(place_, Span<char>(line)));
}

void LogConsole::print(Text line) {
  if (skip_ != 0) {
    --skip_;
    return;
  }
  log_.stored(line);
  ++printed_;
}

void LogConsole::end() {
  const bool is_crash = source_ == Source::crash;
  source_ = Source::none;
  store_.hold(false);
  if (is_crash && printed_ == 0) {
    return log_.answer(is_damaged_ ? "error: the stored crash is damaged" : "error: no crash is stored");
  }
  log_.answer("{\"lines\":", printed_, ",\"lost_bytes\":", store_.lost(), '}');
}

}  // namespace pb
