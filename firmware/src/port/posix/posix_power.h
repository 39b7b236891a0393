#pragma once

#include "port/network.h"
#include "port/posix/board_link.h"
#include "port/power.h"

namespace pb::posix {

/// Reports the power states of the chip to the virtual board, which derives current and brown-outs from them.
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
