#include "features/log_store/log_store.h"

#include "core/decimal.h"
#include "features/logging/log_mask.h"

namespace pb {

namespace {

constexpr Text kTag = "log";
/// The content of crash_log if the retained memory was lost.
constexpr Text kNoLog = "W (0) crash: no log survived the reset\n";
/// The pause while the storage takes no job.
constexpr Millis kPause = 100;
constexpr auto kCost = static_cast<uint32_t>(LogStore::kWriteInterval);

}  // namespace

LogStore::LogStore(MutableBytes retained, const Clock& clock, Storage& storage, const TimeSync& time_sync,
                   const Settings& settings, Logger& log)
    : clock_(clock), storage_(storage), time_sync_(time_sync), settings_(settings), log_(log), ring_(retained) {
  LogRing::Notes notes = ring_.notes();
  if (!ring_.restored()) notes.credit_ms = kFirstSaved * kCost;
  last_uptime_ms_ = notes.uptime_ms;
  notes.uptime_ms = 0;
  ring_.set_notes(notes);
  crash_end_ = ring_.end();
  charged_at_ = clock_.now();
}

FixedText<Storage::kMaxName> LogStore::name_of_file(uint32_t number) {
  char bytes[Storage::kMaxName];
  TextWriter text{Span<char>(bytes)};
  FixedText<Storage::kMaxName> name;
  name.assign(text.append_all(kPrefix, Padded{number, 10}).text());
  return name;
}

void LogStore::load() {
  storage_.list(
      kPrefix,
      [](void* context, Text name) {
        auto& self = *static_cast<LogStore*>(context);
        uint64_t number = 0;
        if (!parse_decimal_unsigned({name.data + kPrefix.length, name.length - kPrefix.length}, number)) return;
        if (number == 0 || number >= UINT32_MAX) return;
        const auto found = static_cast<uint32_t>(number);
        if (self.first_ > self.last_ || found < self.first_) self.first_ = found;
        if (found > self.last_) self.last_ = found;
      },
      this);
  LogRing::Notes notes = ring_.notes();
  // A file with a higher number than the ring knows is newer than the ring, and must not be replaced.
  if (notes.file < last_) notes.file = 0;
  ring_.set_notes(notes);
  if (unstored() != ring_.end()) oldest_at_ = clock_.now();
}

void LogStore::note_crash(ResetReason reason, Text build_id, const CrashReport* report) {
  char bytes[CrashReport::kMaxFrames * 19];
  TextWriter backtrace{Span<char>(bytes)};
  for (size_t i = 0; report != nullptr && i < report->frame_count; ++i) {
    backtrace.append_all(i == 0 ? "0x" : ",0x", Hex{report->frames[i], 1});
  }
  crash_line_ = ring_.end();
  log_.error("crash", "the last run crashed", Field{"reason", name_of(reason)}, Field{"uptime_ms", last_uptime_ms_},
             Field{"build", build_id}, Field{"cause", report == nullptr ? Text("unknown") : report->cause.text()},
             Field{"backtrace", backtrace.text()});
  if (crash_line_ != ring_.end()) crash_step_ = Step::remove_old_log;
}

void LogStore::take(LogLevel level, Span<char> line) {
  mask_secret(line, settings_.wifi_psk.text());
  mask_secret(line, settings_.setup_psk.text());
  mask_authorization_key(line);
  TextWriter text{Span<char>(line_)};
  if (time_sync_.is_current()) text.append_all(time_sync_.timestamp().text(), ' ');
  ring_.push(text.append(Text(line.data, line.length)).text());
  const Millis now = clock_.now();
  if (oldest_at_ == kNever) oldest_at_ = now;
  if (level == LogLevel::error && error_at_ == kNever) error_at_ = now;
}

bool LogStore::flush(StorageDone done) {
  if (is_flushing_) return false;
  is_flushing_ = true;
  flush_done_ = done;
  flush_end_ = ring_.end();
  if (unstored() == flush_end_ && !is_writing_) end_flush(StorageResult::ok);
  return true;
}

void LogStore::end_flush(StorageResult result) {
  if (!is_flushing_) return;
  is_flushing_ = false;
  if (flush_done_.call != nullptr) flush_done_.call(flush_done_.context, result);
}

/// Adds the time since the last call to the credit, and keeps the uptime for the next boot.
void LogStore::charge(Millis now) {
  LogRing::Notes notes = ring_.notes();
  const Millis most = kMaxSaved * kWriteInterval;
  const Millis credit = notes.credit_ms + (now - charged_at_);
  notes.credit_ms = static_cast<uint32_t>(credit < most ? credit : most);
  notes.uptime_ms = now;
  charged_at_ = now;
  ring_.set_notes(notes);
}

/// Returns the time of the next write.
Millis LogStore::due(Millis now) const {
  if (is_flushing_ || (crash_step_ != Step::none && is_crash_urgent_)) return now;
  const uint32_t credit = ring_.notes().credit_ms;
  Millis at = kNever;
  if (crash_step_ != Step::none) {
    at = now;
  } else if (settings_.log_files != 0 && unstored() != ring_.end()) {
    at = oldest_at_ + Millis{1000} * settings_.log_flush_s;
    if (error_at_ != kNever) at = earlier(at, error_at_ + kErrorFlush);
    if (ring_.end() - unstored() >= settings_.log_file_bytes) at = now;
  }
  if (at == kNever) return at;
  const Millis affordable = credit < kCost ? now + (kCost - credit) : now;
  if (at < affordable) at = affordable;
  return at < blocked_until_ ? blocked_until_ : at;
}

Millis LogStore::poll(Millis now) {
  charge(now);
  if (busy() || is_held_) return kNever;
  if (is_flushing_ && ring_.notes().stored - flush_end_ <= UINT32_MAX / 2) end_flush(StorageResult::ok);
  if (excess() && now >= blocked_until_) {
    remove_oldest();
    return busy() ? kNever : now + kPause;
  }
  const Millis at = excess() ? earlier(due(now), blocked_until_) : due(now);
  if (at > now) return at;
  // The end of the job wakes the loop.
  if (storage_.busy()) return kNever;
  if (crash_step_ != Step::none) {
    write_crash();
  } else {
    write();
  }
  return busy() ? kNever : now + kPause;
}

/// Appends the lines from `from` to `into`, each with a line end, as long as they fit.
/// @param end becomes the place after the last of them  @return their length in bytes
size_t LogStore::collect(uint32_t from, Span<char> into, uint32_t& end) const {
  size_t length = 0;
  end = from;
  while (end != ring_.end()) {
    uint32_t next = end;
    const Span<char> rest = into.after(length);
    const Text line = ring_.read(next, rest);
    if (line.length >= rest.length) break;
    length += line.length;
    into[length++] = '\n';
    end = next;
  }
  return length;
}

/// Writes the last lines before `end`, as many as fit, to `into`, each with a line end. @return their length in bytes
size_t LogStore::collect_until(uint32_t end, Span<char> into) const {
  char ignored[1];
  uint32_t begin = ring_.begin();
  const auto length_of_first = [&] {
    const uint32_t before = begin;
    ring_.read(begin, {ignored, 0});
    return size_t{begin - before} - LogRing::kFrame + 1;
  };
  size_t all = 0;
  while (begin != end) all += length_of_first();
  begin = ring_.begin();
  while (all > into.length) all -= length_of_first();
  size_t length = 0;
  while (begin != end) {
    length += ring_.read(begin, into.after(length)).length;
    into[length++] = '\n';
  }
  return length;
}

void LogStore::write() {
  const MutableBytes scratch = storage_.scratch();
  if (scratch.empty()) return;
  const Span<char> content(reinterpret_cast<char*>(scratch.data), settings_.log_file_bytes);
  LogRing::Notes notes = ring_.notes();
  const uint32_t lost = unstored() - notes.stored;
  notes.lost += lost;
  notes.stored = unstored();
  size_t length = 0;
  uint32_t end = notes.stored;
  const bool continues = notes.file != 0 && ring_.has(notes.file_begin);
  if (continues) length = collect(notes.file_begin, content, end);
  if (!continues || end - notes.file_begin <= notes.stored - notes.file_begin) {
    notes.file = (notes.file > last_ ? notes.file : last_) + 1;
    notes.file_begin = notes.stored;
    length = collect(notes.file_begin, content, end);
  }
  ring_.set_notes(notes);
  writing_end_ = end;
  post(name_of_file(notes.file).text(), length);
  if (lost != 0) log_.warning(kTag, "lines were overwritten before they were on flash", Field{"bytes", lost});
}

void LogStore::write_crash() {
  if (!ring_.has(crash_line_)) {  // later lines have overwritten it
    crash_step_ = Step::none;
    return;
  }
  // The old log is removed first: after a power cut between the two files, this crash then has no log, instead of the
  // log of an earlier crash.
  if (crash_step_ == Step::remove_old_log) {
    is_writing_ = storage_.remove(kCrashLogFile, done());
    return;
  }
  const MutableBytes scratch = storage_.scratch();
  if (scratch.empty()) return;
  const Span<char> content(reinterpret_cast<char*>(scratch.data), scratch.length);
  size_t length = 0;
  uint32_t end = 0;
  if (crash_step_ == Step::crash) {
    end = crash_line_;
    length = ring_.read(end, content.first(content.length - 1)).length;
    content[length++] = '\n';
    return post(kCrashFile, length);
  }
  // Store the lines before the line about the crash, which is on flash already.
  if (ring_.has(crash_end_)) length = collect_until(crash_end_, content);
  if (length == 0) {
    memcpy(content.data, kNoLog.data, kNoLog.length);
    length = kNoLog.length;
  }
  post(kCrashLogFile, length);
}

/// Writes the first `length` bytes of the scratch buffer.
void LogStore::post(Text name, size_t length) {
  is_writing_ = storage_.write_spare(name, {storage_.scratch().data, length}, done());
}

StorageDone LogStore::done() {
  return {[](void* self, StorageResult result) { static_cast<LogStore*>(self)->written(result); }, this};
}

void LogStore::written(StorageResult result) {
  is_writing_ = false;
  const bool is_crash = crash_step_ != Step::none;
  if (result == StorageResult::ok && crash_step_ == Step::remove_old_log) {
    crash_step_ = Step::crash;
    return;
  }
  if (result == StorageResult::ok) {
    LogRing::Notes notes = ring_.notes();
    notes.credit_ms -= notes.credit_ms < kCost ? notes.credit_ms : kCost;
    ring_.set_notes(notes);
    ++writes_;
    if (!is_crash) return file_written();
    crash_step_ = crash_step_ == Step::crash ? Step::crash_log : Step::none;
    return;
  }
  // The log has the lowest priority, so it makes room by removing its own files, the oldest first.
  const bool has_older = first_ <= last_ && (is_crash || first_ != ring_.notes().file);
  if (result == StorageResult::full && has_older) return remove_oldest();
  crash_step_ = Step::none;
  blocked_until_ = clock_.now() + kRetry;
  end_flush(result);
}

void LogStore::file_written() {
  LogRing::Notes notes = ring_.notes();
  notes.stored = writing_end_;
  ring_.set_notes(notes);
  if (first_ > last_) first_ = notes.file;
  if (notes.file > last_) last_ = notes.file;
  blocked_until_ = 0;
  const bool is_all = unstored() == ring_.end();
  oldest_at_ = is_all ? kNever : clock_.now();
  if (is_all) error_at_ = kNever;
  if (writing_end_ - flush_end_ <= UINT32_MAX / 2) end_flush(StorageResult::ok);
}

void LogStore::remove_oldest() {
  is_removing_ = storage_.remove(name_of_file(first_).text(), {[](void* context, StorageResult result) {
                                                                 auto& self = *static_cast<LogStore*>(context);
                                                                 self.is_removing_ = false;
                                                                 if (result == StorageResult::ok) {
                                                                   ++self.first_;
                                                                 } else {
                                                                   self.blocked_until_ = self.clock_.now() + kRetry;
                                                                   self.end_flush(result);
                                                                 }
                                                               },
                                                               this});
}

}  // namespace pb
