#include "features/monitor/monitor.h"

#include "core/json_writer.h"

namespace pb {

bool Monitor::add(Counter counter) {
  if (count_ == kMaxCounters) return false;
  counters_[count_++] = counter;
  return true;
}

Millis Monitor::poll(Millis now) {
  if (now < next_) return next_;
  print(now);
  // After a delay of the loop, skip the missed records instead of printing all at once.
  next_ = (now / kInterval + 1) * kInterval;
  return next_;
}

void Monitor::print(Millis now) {
  const bool has_room = log_.telemetry_json("monitor", [this, now](JsonWriter& json) {
    json.begin_object()
        .member("uptime_ms", now)
        .member("heap_free", uint64_t{heap_.free_bytes()})
        .member("heap_largest", uint64_t{heap_.largest_block()})
        .member("heap_min", uint64_t{heap_.minimum_free()})
        .member("loop_max_us", loop_.take_longest_round())
        .member("loops", loop_.rounds())
        .member("sockets", uint64_t{tcp_.sockets_in_use()});
    for (size_t i = 0; i < count_; ++i) json.member(counters_[i].name, counters_[i].read(counters_[i].context));
    json.end_object();
  });
  if (!has_room) log_.error("monitor", "the telemetry record is longer than a line of the console");
}

}  // namespace pb
