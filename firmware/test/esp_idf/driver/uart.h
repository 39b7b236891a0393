#pragma once

// API reference, Peripherals, "Universal Asynchronous Receiver/Transmitter (UART)".

#include <stddef.h>

#include "esp_err.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"

enum uart_port_t { UART_NUM_0 };
enum uart_word_length_t { UART_DATA_8_BITS = 3 };
enum uart_parity_t { UART_PARITY_DISABLE };
enum uart_stop_bits_t { UART_STOP_BITS_1 = 1 };
enum uart_hw_flowcontrol_t { UART_HW_FLOWCTRL_DISABLE };
enum uart_sclk_t { UART_SCLK_DEFAULT };
struct uart_config_t {
  int baud_rate;
  uart_word_length_t data_bits;
  uart_parity_t parity;
  uart_stop_bits_t stop_bits;
  uart_hw_flowcontrol_t flow_ctrl;
  uart_sclk_t source_clk;
};

esp_err_t uart_driver_install(uart_port_t port, int rx_buffer, int tx_buffer, int queue_size, QueueHandle_t* queue,
                              int flags);
esp_err_t uart_param_config(uart_port_t port, const uart_config_t* config);
int uart_write_bytes(uart_port_t port, const void* bytes, size_t size);
int uart_read_bytes(uart_port_t port, void* into, uint32_t length, TickType_t ticks);
esp_err_t uart_wait_tx_done(uart_port_t port, TickType_t ticks);
