#pragma once

#include <driver/uart.h>
#include <driver/uart_select.h>
#include <freertos/FreeRTOS.h>
#include <freertos/semphr.h>
#include <freertos/stream_buffer.h>
#include <freertos/task.h>

#include "port/esp32/esp_waker.h"
#include "port/uart.h"

namespace pb::esp32 {

/// UART0. The loop and the tasks of ESP-IDF that log write into a ring of ours, and a task passes the bytes on to
/// ESP-IDF's driver. The driver's own ring is not used for output: it makes writers wait when it is full, and counts
/// the space of an unfinished write as free.
/// ESP-IDF: API reference, Peripherals, "Universal Asynchronous Receiver/Transmitter (UART)".
class EspUart final : public Uart {
 public:
  /// Room for the longest line of the log and the telemetry after it, which take 350 ms at 115,200 baud.
  static constexpr size_t kRing = 4096;

  /// @param priority of the task that sends
  EspUart(EspWaker& waker, UBaseType_t priority);
  EspUart(const EspUart&) = delete;
  EspUart& operator=(const EspUart&) = delete;

  bool write(Bytes bytes) override;
  size_t space() override { return xStreamBufferSpacesAvailable(ring_); }
  size_t read(MutableBytes into) override;
  uint32_t dropped() const override { return dropped_; }

  /// One step of the sending task: waits for bytes in the ring and sends a run of them.
  void send_run();
  /// Waits until all is sent, but at most `limit_ms`. For use before a restart.
  void drain(uint32_t limit_ms);

 private:
  static constexpr uart_port_t kPort = UART_NUM_0;
  static constexpr int kBaud = 115'200;
  /// The longest command and the bytes typed after it.
  static constexpr int kReceiveRing = 1024;
  /// The bytes that the task passes on at a time: the size of the FIFO.
  static constexpr size_t kRun = 128;
  static constexpr uint32_t kStack = 2048;

  static void send(void* self);
  static void on_driver_news(uart_port_t port, uart_select_notif_t news, BaseType_t* must_switch);

  /// Static, because the driver passes no argument of ours to its callback.
  static EspWaker* woken_by_input;

  uint8_t ring_memory_[kRing + 1];  ///< a stream buffer keeps one byte free
  StaticStreamBuffer_t ring_state_;
  StaticSemaphore_t writers_state_;
  StaticTask_t task_state_;
  StackType_t stack_[kStack / sizeof(StackType_t)];
  StreamBufferHandle_t ring_;
  SemaphoreHandle_t writers_;
  TaskHandle_t task_ = nullptr;
  volatile uint32_t dropped_ = 0;
};

}  // namespace pb::esp32
