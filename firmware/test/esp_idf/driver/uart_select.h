#pragma once

// The driver's news for select(), in interrupt context.

#include "driver/uart.h"

enum uart_select_notif_t { UART_SELECT_READ_NOTIF, UART_SELECT_WRITE_NOTIF, UART_SELECT_ERROR_NOTIF };
using uart_select_notif_callback_t = void (*)(uart_port_t port, uart_select_notif_t news, BaseType_t* must_switch);

void uart_set_select_notif_callback(uart_port_t port, uart_select_notif_callback_t callback);
