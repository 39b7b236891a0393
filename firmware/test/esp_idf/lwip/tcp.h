#pragma once

// lwIP: the callback-style ("raw") TCP API.

#include "lwip/pbuf.h"

struct tcp_seg;
struct tcp_pcb {
  u16_t snd_buf;
  tcp_seg* unsent;
  tcp_seg* unacked;
};
using tcp_connected_fn = err_t (*)(void* argument, tcp_pcb* pcb, err_t error);
using tcp_recv_fn = err_t (*)(void* argument, tcp_pcb* pcb, pbuf* bytes, err_t error);
using tcp_sent_fn = err_t (*)(void* argument, tcp_pcb* pcb, u16_t length);
using tcp_err_fn = void (*)(void* argument, err_t error);
using tcp_accept_fn = err_t (*)(void* argument, tcp_pcb* pcb, err_t error);
constexpr u8_t TCP_WRITE_FLAG_COPY = 1;
#define tcp_sndbuf(pcb) ((pcb)->snd_buf)
void tcp_nagle_disable(tcp_pcb* pcb);

tcp_pcb* tcp_new_ip_type(u8_t type);
void tcp_arg(tcp_pcb* pcb, void* argument);
void tcp_err(tcp_pcb* pcb, tcp_err_fn callback);
void tcp_recv(tcp_pcb* pcb, tcp_recv_fn callback);
void tcp_sent(tcp_pcb* pcb, tcp_sent_fn callback);
err_t tcp_bind(tcp_pcb* pcb, const ip_addr_t* address, u16_t port);
tcp_pcb* tcp_listen_with_backlog(tcp_pcb* pcb, u8_t backlog);
void tcp_accept(tcp_pcb* pcb, tcp_accept_fn callback);
err_t tcp_connect(tcp_pcb* pcb, const ip_addr_t* address, u16_t port, tcp_connected_fn connected);
err_t tcp_write(tcp_pcb* pcb, const void* bytes, u16_t length, u8_t flags);
err_t tcp_output(tcp_pcb* pcb);
void tcp_recved(tcp_pcb* pcb, u16_t length);
err_t tcp_close(tcp_pcb* pcb);
void tcp_abort(tcp_pcb* pcb);
