#pragma once

#include "port/network.h"
#include "port/posix/board_link.h"
#include "port/power.h"

namespace pb::posix {

/// Reports to the virtual board what the chip would do, from which the board derives current and brown-outs.
class PosixPower final : public Power {
 public:
  PosixPower(BoardLink& link, Network& network) : link_(link), network_(network) {}

  bool apply(const PowerMode& mode) override {
    mode_ = mode;
    report();
    return true;
  }
  uint32_t set_brownout(uint32_t millivolts) override;

 private:
  void report();

  BoardLink& link_;
  Network& network_;
  PowerMode mode_;
  uint32_t brownout_mv_ = 0;
};

}  // namespace pb::posix
