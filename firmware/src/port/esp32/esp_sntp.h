#pragma once

#include <sys/time.h>

#include "port/clock.h"
#include "port/esp32/esp_waker.h"
#include "port/sntp.h"

namespace pb::esp32 {

/// lwIP's client, by ESP-IDF's wrapper. Its callback has no argument, so there is one client only. The callback runs in
/// lwIP's task, which holds lwIP's lock then; the loop takes it to read the time. ESP-IDF: API reference, Networking,
/// "ESP-NETIF" (SNTP API); API guides, "System Time".
class EspSntp final : public Sntp {
 public:
  EspSntp(const Clock& clock, EspWaker& waker);
  EspSntp(const EspSntp&) = delete;
  EspSntp& operator=(const EspSntp&) = delete;

  bool start(Text server) override;
  void stop() override;
  bool take(SntpTime& time) override;

 private:
  static void on_time(timeval* received);

  const Clock& clock_;
  EspWaker& waker_;
  FixedText<kMaxServer> server_;  ///< lwIP keeps the pointer
  bool has_time_ = false;         ///< under lwIP's lock, as time_
  SntpTime time_;
};

}  // namespace pb::esp32
