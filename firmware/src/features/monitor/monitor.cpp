#include "features/monitor/monitor.h"

#include "core/json_writer.h"
#include "core/require.h"

namespace pb {

namespace {

/// The share of `spent` in `interval`.
uint16_t permille(Micros spent, Millis interval) {
  // Microseconds per millisecond are permille.
  const uint64_t share = interval == 0 ? 0 : spent / interval;
  return static_cast<uint16_t>(share < 1000 ? share : 1000);
}

}  // namespace

const Monitor& Monitor::of(const void* self) { return *static_cast<const Monitor*>(self); }

Monitor::Monitor(const Heap& heap, const Tcp& tcp, const System& system, EventLoop& loop, Logger& log)
    : heap_(heap), tcp_(tcp), system_(system), loop_(loop), log_(log) {
  add({"uptime_ms", "ms", [](const void* self) { return static_cast<int64_t>(of(self).measured_at_); }, this});
  add({"heap_free", "B", [](const void* self) { return static_cast<int64_t>(of(self).heap_.free_bytes()); }, this});
  add({"heap_largest", "B", [](const void* self) { return static_cast<int64_t>(of(self).heap_.largest_block()); },
       this});
  add({"heap_min", "B", [](const void* self) { return static_cast<int64_t>(of(self).heap_.minimum_free()); }, this});
  add({"loop_max_us", "us", [](const void* self) { return static_cast<int64_t>(of(self).longest_round_); }, this});
  add({"loops", "", [](const void* self) { return static_cast<int64_t>(of(self).loop_.rounds()); }, this});
  add({"cpu", "permille", [](const void* self) { return static_cast<int64_t>(of(self).cpu_permille_); }, this});
  add({"sockets", "", [](const void* self) { return static_cast<int64_t>(of(self).tcp_.sockets_in_use()); }, this});
}

void Monitor::add(Counter counter) {
  require(count_ < kMaxCounters);
  counters_[count_++] = counter;
}

Millis Monitor::poll(Millis now) {
  if (now < next_) return next_;
  measure(now);
  print(now);
  // After a delay of the loop, skip the missed records instead of printing them all at once.
  next_ = (now / kInterval + 1) * kInterval;
  return next_;
}

void Monitor::measure(Millis now) {
  const Millis interval = now - measured_at_;
  measured_at_ = now;
  longest_round_ = loop_.take_longest_round();
  cpu_permille_ = permille(loop_.busy() - busy_before_, interval);
  busy_before_ = loop_.busy();
  for (size_t i = 0; i < loop_.features(); ++i) {
    feature_permille_[i] = permille(loop_.spent(i) - spent_before_[i], interval);
    spent_before_[i] = loop_.spent(i);
  }
  measure_tasks(interval);
}

/// A task that has started since the last interval has no share yet.
void Monitor::measure_tasks(Millis interval) {
  TaskTime times[System::kMostTasks];
  TaskShare shares[System::kMostTasks];
  const size_t count = system_.task_times(times);
  for (size_t i = 0; i < count; ++i) {
    shares[i].before = times[i];
    for (size_t j = 0; j < task_count_; ++j) {
      const TaskTime& before = tasks_[j].before;
      // The difference is right also if the counter has begun again at 0.
      if (before.task == times[i].task) shares[i].permille = permille(times[i].worked_us - before.worked_us, interval);
    }
  }
  for (size_t i = 0; i < count; ++i) tasks_[i] = shares[i];
  task_count_ = count;
}

void Monitor::print(Millis) {
  const bool has_room = log_.telemetry_json("monitor", [this](JsonWriter& json) {
    json.begin_object();
    for (size_t i = 0; i < count_; ++i) {
      if (counters_[i].is_in_record) json.member(counters_[i].name, counters_[i].read(counters_[i].context));
    }
    json.end_object();
  });
  if (!has_room) log_.error("monitor", "the telemetry record is longer than a line of the console");
}

void Monitor::write_full(JsonWriter& json) const {
  json.begin_object();
  for (size_t i = 0; i < count_; ++i) json.member(counters_[i].name, counters_[i].read(counters_[i].context));
  json.key("features").begin_object();
  for (size_t i = 0; i < loop_.features(); ++i) json.member(loop_.name_of(i), uint32_t{feature_permille_[i]});
  json.end_object();
  json.key("tasks").begin_object();
  for (size_t i = 0; i < task_count_; ++i) json.member(tasks_[i].before.task, uint32_t{tasks_[i].permille});
  json.end_object();
  json.key("turns").begin_array();
  for (size_t i = 0; i < EventLoop::kTurnBuckets; ++i) json.number_unsigned(loop_.turns(i));
  json.end_array();
  if (list_.length != nullptr) {
    json.key(list_.name).begin_array();
    const size_t length = list_.length(list_.context);
    for (size_t i = 0; i < length; ++i) json.number(list_.read(list_.context, i));
    json.end_array();
  }
  json.end_object();
}

void Monitor::write_units(JsonWriter& json) const {
  json.begin_object();
  for (size_t i = 0; i < count_; ++i) json.member(counters_[i].name, counters_[i].unit);
  json.member("features", "permille");
  json.member("tasks", "permille");
  if (list_.length != nullptr) json.member(list_.name, list_.unit);
  json.key("turns_below_us").begin_array();
  for (const Micros limit : EventLoop::kTurnLimits) json.number_unsigned(limit);
  json.end_array();
  json.end_object();
}

}  // namespace pb
