#pragma once

// lwIP: addresses and error codes.

#include <stdint.h>

using u8_t = uint8_t;
using u16_t = uint16_t;
using err_t = int8_t;
struct ip4_addr_t {
  uint32_t addr;  ///< in the order of the network
};
struct ip_addr_t {
  ip4_addr_t ip4;
};
#define ip_2_ip4(address) (&(address)->ip4)
#define IP_ADDR4(address, a, b, c, d)                                                                                \
  ((address)->ip4.addr = static_cast<uint32_t>(a) | static_cast<uint32_t>(b) << 8 | static_cast<uint32_t>(c) << 16 | \
                         static_cast<uint32_t>(d) << 24)
constexpr u8_t IPADDR_TYPE_V4 = 0;
constexpr u8_t IPADDR_TYPE_ANY = 46;
extern const ip_addr_t ip_addr_any_type;
#define IP_ANY_TYPE (&ip_addr_any_type)
constexpr err_t ERR_OK = 0;
constexpr err_t ERR_MEM = -1;
constexpr err_t ERR_INPROGRESS = -5;
constexpr err_t ERR_ABRT = -13;
constexpr err_t ERR_RST = -14;
constexpr err_t ERR_ARG = -16;
