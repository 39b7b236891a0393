#include "port/esp32/esp_waker.h"

#include <esp_attr.h>

namespace pb::esp32 {

void EspWaker::sleep_until(Millis deadline) {
  const Millis now = clock_.now();
  deadline = earlier(deadline, wake_at_);
  wake_at_ = kNever;
  if (deadline <= now) return;
  const Millis left = deadline - now < kLongestSleep ? deadline - now : kLongestSleep;
  ulTaskNotifyTake(pdTRUE, pdMS_TO_TICKS(static_cast<uint32_t>(left)));
}

void IRAM_ATTR EspWaker::wake() {
  if (xPortInIsrContext()) return wake_from_interrupt();
  xTaskNotifyGive(owner_);
}

void IRAM_ATTR EspWaker::wake_from_interrupt() {
  BaseType_t must_switch = pdFALSE;
  vTaskNotifyGiveFromISR(owner_, &must_switch);
  if (must_switch != pdFALSE) portYIELD_FROM_ISR();
}

}  // namespace pb::esp32
