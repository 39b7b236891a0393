#pragma once

// lwIP: packet buffers.

#include "lwip/ip_addr.h"

struct pbuf {
  pbuf* next;
  void* payload;
  u16_t tot_len;
  u16_t len;
};
enum pbuf_layer { PBUF_TRANSPORT };
enum pbuf_type { PBUF_RAM };

pbuf* pbuf_alloc(pbuf_layer layer, u16_t length, pbuf_type type);
err_t pbuf_take(pbuf* into, const void* bytes, u16_t length);
u16_t pbuf_copy_partial(const pbuf* from, void* into, u16_t length, u16_t offset);
pbuf* pbuf_free_header(pbuf* from, u16_t size);
void pbuf_cat(pbuf* head, pbuf* tail);
u8_t pbuf_free(pbuf* chain);
