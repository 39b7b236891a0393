#pragma once

#include <string>

#include "port/uart.h"

namespace pb {

/// A serial port whose other end belongs to the test.
class FakeUart final : public Uart {
 public:
  /// Returns the firmware's output since the last call.
  std::string take() {
    std::string result;
    result.swap(written_);
    return result;
  }
  const std::string& written() const { return written_; }
  bool wrote(const std::string& part) const { return written_.find(part) != std::string::npos; }
  /// Adds input for the firmware.
  void type(const std::string& text) { input_ += text; }
  /// Drops all output, as without a reader.
  bool stalled = false;

  /// The result of space().
  size_t room = 4096;

  size_t space() override { return stalled ? 0 : room; }
  bool write(Bytes bytes) override {
    if (stalled) {
      dropped_ += static_cast<uint32_t>(bytes.length);
      return false;
    }
    written_.append(reinterpret_cast<const char*>(bytes.data), bytes.length);
    return true;
  }
  size_t read(MutableBytes into) override {
    const size_t count = input_.copy(reinterpret_cast<char*>(into.data), into.length);
    input_.erase(0, count);
    return count;
  }
  uint32_t dropped() const override { return dropped_; }

 private:
  std::string written_;
  std::string input_;
  uint32_t dropped_ = 0;
};

}  // namespace pb
