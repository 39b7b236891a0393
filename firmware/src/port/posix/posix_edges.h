#pragma once

#include <array>
#include <atomic>

#include "port/edges.h"
#include "port/posix/posix_gpio.h"
#include "port/waker.h"

namespace pb::posix {

/// Counts edges in the handlers of PosixGpio.
class PosixEdges final : public Edges {
 public:
  PosixEdges(PosixGpio& gpio, const Clock& clock, Waker& waker) : gpio_(gpio), clock_(clock), waker_(waker) {}
  ~PosixEdges();
  PosixEdges(const PosixEdges&) = delete;
  PosixEdges& operator=(const PosixEdges&) = delete;

  void watch(int pin, uint32_t quiet_ms) override;
  uint32_t count(int pin) const override;
  uint32_t presses(int pin) const override;

 private:
  struct Pin {
    std::atomic<uint32_t> edges{0};
    std::atomic<uint32_t> presses{0};
    bool watched = false;
    // Used by the handler only, after watch().
    uint32_t quiet_ms = 0;
    uint32_t last_edge_ms = 0;
    bool was_high = false;
  };

  void on_edge(int pin, bool level);
  const Pin& at(int pin) const { return pins_[static_cast<size_t>(pin)]; }

  PosixGpio& gpio_;
  const Clock& clock_;
  Waker& waker_;
  std::array<Pin, PosixGpio::kPins> pins_;
};

}  // namespace pb::posix
