#pragma once

// lwIP: "DNS".

#include "lwip/ip_addr.h"

using dns_found_callback = void (*)(const char* name, const ip_addr_t* address, void* argument);

err_t dns_gethostbyname(const char* name, ip_addr_t* address, dns_found_callback found, void* argument);
