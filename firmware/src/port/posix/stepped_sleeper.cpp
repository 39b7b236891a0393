#include "port/posix/stepped_sleeper.h"

#include <optional>

namespace pb::posix {

namespace {

constexpr int kForEver = -1;

}  // namespace

void SteppedSleeper::sleep(const std::vector<pollfd>& watched, Millis deadline) {
  wait(watched, clock_.bench_ns_at(micros_of(deadline)));
}

void SteppedSleeper::block_until(Micros device_us) {
  const Micros start = clock_.now_us();
  wait({}, clock_.bench_ns_at(device_us));
  blocked_us_ += clock_.now_us() - start;
}

void SteppedSleeper::wait(const std::vector<pollfd>& watched, int64_t deadline_ns) {
  for (std::optional<uint64_t> reported;;) {
    // The order matters. A report must cover everything that the bench sent before its `ask`, so `ask` is read first.
    // Work that ends meanwhile makes a descriptor ready, so descriptors are polled last.
    link_.take();
    board_.catch_up();
    const UnderWay under_way = sources_.under_way();
    if (any_ready(watched) || clock_.bench_ns() >= deadline_ns) return;

    const bool idle = under_way.lookups.empty() && under_way.jobs.empty();
    short link_events = POLLIN;
    if (idle && reported != link_.asked()) {
      limit_.restart();
      if (link_.report_idle(deadline_ns, under_way.connecting, under_way.unacknowledged)) {
        reported = link_.asked();
      } else {
        link_events |= POLLOUT;
      }
    }
    poll_all(watched, under_way, link_events);
  }
}

bool SteppedSleeper::any_ready(const std::vector<pollfd>& watched) {
  polled_ = watched;
  return poll(polled_.data(), polled_.size(), 0) > 0;
}

void SteppedSleeper::poll_all(const std::vector<pollfd>& watched, const UnderWay& under_way, short link_events) {
  polled_ = watched;
  for (const auto* work : {&under_way.lookups, &under_way.jobs})
    polled_.insert(polled_.end(), work->begin(), work->end());
  polled_.push_back({link_.fd(), link_events, 0});
  polled_.push_back({board_.fd(), POLLIN, 0});
  poll(polled_.data(), polled_.size(), kForEver);
}

}  // namespace pb::posix
