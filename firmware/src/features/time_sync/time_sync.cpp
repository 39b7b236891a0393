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
    case TimeQuality::csms:
      break;
  }
  return "csms";
}

void TimeSync::restore() {
  uint8_t bytes[kTimestampLength];
  size_t length = 0;
  UnixMillis time = 0;
  if (storage_.read(kFile, bytes, length) != StorageResult::ok) return;
  if (!parse_timestamp({reinterpret_cast<const char*>(bytes), length}, time) || !is_usable(time)) return;
  offset_ = time - static_cast<UnixMillis>(clock_.now());
  quality_ = TimeQuality::last_known;
}

void TimeSync::not_before(UnixMillis time) {
  if (quality_ == TimeQuality::csms || !is_usable(time) || time <= now()) return;
  offset_ = time - static_cast<UnixMillis>(clock_.now());
  quality_ = TimeQuality::last_known;
}

bool TimeSync::set_from_csms(UnixMillis time) {
  if (!is_usable(time)) return false;
  offset_ = time - static_cast<UnixMillis>(clock_.now());
  if (quality_ != TimeQuality::csms) next_save_ = clock_.now();
  quality_ = TimeQuality::csms;
  return true;
}

Millis TimeSync::poll(Millis now) {
  if (now < next_save_) return next_save_;
  const Timestamp stored = timestamp();
  // The job needs no callback: after a failed write the next one stores the time.
  next_save_ = now + (storage_.write(kFile, stored.text().bytes(), {}) ? kSaveInterval : kSaveRetry);
  return next_save_;
}

}  // namespace pb
