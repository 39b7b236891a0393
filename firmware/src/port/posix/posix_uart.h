#pragma once

#include "core/ring_buffer.h"
#include "port/posix/wake_source.h"
#include "port/uart.h"

namespace pb::posix {

/// The UART at one end of a pseudo-terminal or of a stream socket of the board. A closed other end is no error: there
/// is no input, and output is dropped.
class PosixUart final : public Uart, public WakeSource {
 public:
  /// @param fd becomes non-blocking
  explicit PosixUart(int fd);

  bool write(Bytes bytes) override;
  size_t space() override;
  size_t read(MutableBytes into) override;
  uint32_t dropped() const override { return dropped_; }

  /// Writes the content of the ring to the terminal, as much as it accepts.
  void pump();
  bool pending() const { return !ring_.empty(); }
  /// Waits until the ring is empty, at most `limit_ms` of host time, before the process ends.
  void drain(int limit_ms);

  void watch(std::vector<pollfd>& descriptors) override;

 private:
  static constexpr size_t kRing = 16 * 1024;

  int fd_;
  RingBuffer<uint8_t, kRing> ring_;
  uint32_t dropped_ = 0;
  bool read_to_end_ = false;  ///< the input was read to its end since the last sleep
  bool hung_up_ = false;      ///< the last read found the other end closed
};

}  // namespace pb::posix
