#pragma once

#include <freertos/FreeRTOS.h>
#include <freertos/task.h>

#include "port/clock.h"
#include "port/waker.h"

namespace pb::esp32 {

/// The loop sleeps until its task gets a notification. ESP-IDF: API reference, System, "FreeRTOS (IDF)".
class EspWaker final : public Waker {
 public:
  /// The task that calls this is the owner.
  explicit EspWaker(const Clock& clock) : clock_(clock), owner_(xTaskGetCurrentTaskHandle()) {}
  EspWaker(const EspWaker&) = delete;
  EspWaker& operator=(const EspWaker&) = delete;

  void sleep_until(Millis deadline) override;
  void wake() override;
  /// Ends the next sleep at `deadline` at the latest: for a port that waits for a time.
  void wake_at(Millis deadline) { wake_at_ = earlier(wake_at_, deadline); }
  /// For the port's own interrupt handlers: this function lies in RAM, the virtual table for wake() does not.
  void wake_from_interrupt();

 private:
  /// A longer sleep is cut to this, because 32 bits of ticks overflow in 49 days. Waker allows a sleep to end early.
  static constexpr Millis kLongestSleep = 60'000;

  const Clock& clock_;
  TaskHandle_t owner_;
  Millis wake_at_ = kNever;
};

}  // namespace pb::esp32
