#pragma once

#include <sys/time.h>

#include "port/clock.h"
#include "port/esp32/esp_waker.h"
#include "port/sntp.h"

namespace pb::esp32 {

/// lwIP's client, by ESP-IDF's wrapper. Its callback has no argument, so there can be only one client. The callback
/// runs in lwIP's task with lwIP's lock held; the loop takes this lock to read the time. ESP-IDF: API reference,
/// Networking, "ESP-NETIF" (SNTP API); API guides, "System Time".
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
  bool has_time_ = false;         ///< needs lwIP's lock, as time_ does
  SntpTime time_;
};

}  // namespace pb::esp32
