#include "port/esp32/esp_uart.h"

#include <esp_attr.h>
#include <esp_intr_alloc.h>

namespace pb::esp32 {

EspWaker* EspUart::woken_by_input = nullptr;

EspUart::EspUart(EspWaker& waker, UBaseType_t priority)
    : ring_(xStreamBufferCreateStatic(sizeof ring_memory_, 1, ring_memory_, &ring_state_)),
      writers_(xSemaphoreCreateMutexStatic(&writers_state_)) {
  uart_config_t config{};
  config.baud_rate = kBaud;
  config.data_bits = UART_DATA_8_BITS;
  config.parity = UART_PARITY_DISABLE;
  config.stop_bits = UART_STOP_BITS_1;
  config.flow_ctrl = UART_HW_FLOWCTRL_DISABLE;
  config.source_clk = UART_SCLK_DEFAULT;
  // The handler lies in RAM (CONFIG_UART_ISR_IN_IRAM), because it must also run during an erase: an erase takes up to
  // 400 ms, and the FIFO holds 11 ms of input.
  ESP_ERROR_CHECK(uart_driver_install(kPort, kReceiveRing, 0, 0, nullptr, ESP_INTR_FLAG_IRAM));
  ESP_ERROR_CHECK(uart_param_config(kPort, &config));
  // The driver's interrupt calls the callback before it puts the bytes into the ring. The loop's task cannot read the
  // ring between these two steps, because the interrupt runs on the same core: the loop's task installs the driver.
  woken_by_input = &waker;
  uart_set_select_notif_callback(kPort, &on_driver_news);
  task_ = xTaskCreateStatic(&send, "uart", sizeof stack_, this, priority, stack_, &task_state_);
}

bool EspUart::write(Bytes bytes) {
  if (bytes.empty()) return true;
  // A stream buffer has one writer at a time.
  xSemaphoreTake(writers_, portMAX_DELAY);
  const bool fits = bytes.length <= xStreamBufferSpacesAvailable(ring_);
  if (fits) {
    xStreamBufferSend(ring_, bytes.data, bytes.length, 0);
  } else {
    dropped_ = dropped_ + static_cast<uint32_t>(bytes.length);
  }
  xSemaphoreGive(writers_);
  return fits;
}

size_t EspUart::read(MutableBytes into) {
  const int count = uart_read_bytes(kPort, into.data, static_cast<uint32_t>(into.length), 0);
  return count > 0 ? static_cast<size_t>(count) : 0;
}

void EspUart::drain(uint32_t limit_ms) {
  const TickType_t start = xTaskGetTickCount();
  const TickType_t limit = pdMS_TO_TICKS(limit_ms);
  while (xStreamBufferIsEmpty(ring_) == pdFALSE && xTaskGetTickCount() - start < limit) vTaskDelay(1);
  // The sending task may have taken the last run out of the ring, and still wait until the FIFO has room for it.
  vTaskDelay(pdMS_TO_TICKS(1000 * 10 * kRun / kBaud) + 1);
  uart_wait_tx_done(kPort, limit);
}

void EspUart::send_run() {
  uint8_t run[kRun];
  const size_t count = xStreamBufferReceive(ring_, run, sizeof run, portMAX_DELAY);
  for (size_t sent = 0; sent < count;) {
    const int taken = uart_write_bytes(kPort, run + sent, count - sent);
    if (taken <= 0) break;
    sent += static_cast<size_t>(taken);
  }
}

void EspUart::send(void* self) {
  for (;;) static_cast<EspUart*>(self)->send_run();
}

void IRAM_ATTR EspUart::on_driver_news(uart_port_t, uart_select_notif_t news, BaseType_t*) {
  if (news == UART_SELECT_READ_NOTIF) woken_by_input->wake_from_interrupt();
}

}  // namespace pb::esp32
