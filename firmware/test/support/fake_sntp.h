#pragma once

#include <string>

#include "port/sntp.h"

namespace pb {

/// A time server that the test controls.
class FakeSntp final : public Sntp {
 public:
  std::string server;  ///< empty: the client is stopped
  int starts = 0;
  bool has_memory = true;

  void answer(int64_t unix_ms, Millis at) {
    has_time_ = true;
    time_ = {unix_ms, at};
  }

  bool start(Text name) override {
    ++starts;
    if (has_memory) server.assign(name.data, name.length);
    return has_memory;
  }
  void stop() override {
    server.clear();
    has_time_ = false;
  }
  bool take(SntpTime& time) override {
    if (server.empty() || !has_time_) return false;
    has_time_ = false;
    time = time_;
    return true;
  }

 private:
  bool has_time_ = false;
  SntpTime time_;
};

}  // namespace pb
