#pragma once

// lwIP: the callback-style ("raw") UDP API.

#include "lwip/pbuf.h"

struct udp_pcb;
using udp_recv_fn = void (*)(void* argument, udp_pcb* pcb, pbuf* bytes, const ip_addr_t* address, u16_t port);

udp_pcb* udp_new_ip_type(u8_t type);
err_t udp_bind(udp_pcb* pcb, const ip_addr_t* address, u16_t port);
void udp_recv(udp_pcb* pcb, udp_recv_fn callback, void* argument);
err_t udp_sendto(udp_pcb* pcb, pbuf* bytes, const ip_addr_t* address, u16_t port);
void udp_remove(udp_pcb* pcb);
