#include "features/time_sync/time_sync.h"

namespace pb {

namespace {

// The pause before another attempt while the storage is busy.
constexpr Millis kSaveRetry = 10'000;

}  // namespace

Text name_of(TimeQuality quality) {
  switch (quality) {
    case TimeQuality::none:
      return "none";
    case TimeQuality::last_known:
      return "last_known";
    case TimeQuality::sntp:
      return "sntp";
    case TimeQuality::csms:
      break;
  }
  return "csms";
}

void TimeSync::restore() {
  const UnixMillis from_csms = read(kFile);
  const UnixMillis from_server = read(kServerFile);
  const auto now = static_cast<UnixMillis>(clock_.now());
  has_server_file_ = from_server != 0;
  if (from_csms != 0) floor_ = from_csms - now;
  const UnixMillis latest = from_csms > from_server ? from_csms : from_server;
  if (latest == 0) return;
  offset_ = latest - now;
  quality_ = TimeQuality::last_known;
}

/// @return the stored time, 0 if no usable time is stored.
UnixMillis TimeSync::read(Text file) const {
  uint8_t bytes[kTimestampLength];
  size_t length = 0;
  UnixMillis time = 0;
  if (storage_.read(file, bytes, length) != StorageResult::ok) return 0;
  return parse_timestamp({reinterpret_cast<const char*>(bytes), length}, time) && is_usable(time) ? time : 0;
}

void TimeSync::advance_to(UnixMillis time) {
  if (quality_ == TimeQuality::csms || !is_usable(time) || time <= now()) return;
  offset_ = time - static_cast<UnixMillis>(clock_.now());
  quality_ = TimeQuality::last_known;
}

bool TimeSync::set_from_csms(UnixMillis time) {
  if (!is_usable(time)) return false;
  offset_ = time - static_cast<UnixMillis>(clock_.now());
  save_soon(TimeQuality::csms);
  return true;
}

ServerTime TimeSync::set_from_server(UnixMillis time, Millis moment) {
  if (!is_usable(time)) return ServerTime::unusable;
  if (quality_ == TimeQuality::csms) return ServerTime::not_needed;
  const UnixMillis offset = time - static_cast<UnixMillis>(moment);
  if (floor_ != 0 && offset < floor_ - kTolerance) return ServerTime::too_early;
  offset_ = offset;
  save_soon(TimeQuality::sntp);
  return ServerTime::used;
}

void TimeSync::distrust_server() {
  if (quality_ == TimeQuality::sntp) quality_ = TimeQuality::last_known;
}

UnixMillis TimeSync::not_before() const {
  if (quality_ == TimeQuality::csms) return now();
  const UnixMillis floor = floor_ != 0 ? floor_ + static_cast<UnixMillis>(clock_.now()) : kEarliest;
  return quality_ == TimeQuality::sntp && now() > floor ? now() : floor;
}

/// Makes the first time of each source be stored at once.
void TimeSync::save_soon(TimeQuality quality) {
  if (quality_ != quality) next_save_ = clock_.now();
  quality_ = quality;
}

Millis TimeSync::poll(Millis now) {
  if (now < next_save_) return next_save_;
  const bool from_csms = quality_ == TimeQuality::csms;
  if (quality_ == TimeQuality::last_known) return next_save_ = kNever;
  const Timestamp stored = timestamp();
  // The write needs no callback: if it fails, the next write stores the time.
  bool posted = storage_.write(from_csms ? kFile : kServerFile, stored.text().bytes(), {});
  if (posted && !from_csms) has_server_file_ = true;
  // The stored time of the CSMS replaces that of the server, which may be wrong.
  if (posted && from_csms && has_server_file_) {
    posted = storage_.remove(kServerFile, {});
    has_server_file_ = !posted;
  }
  next_save_ = now + (posted ? kSaveInterval : kSaveRetry);
  return next_save_;
}

}  // namespace pb
