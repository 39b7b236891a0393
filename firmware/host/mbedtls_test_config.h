#pragma once

// The device's configuration of mbed TLS. test_tls also runs a TLS server, and makes the certificates of this server.
#include "mbedtls_config.h"

#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CRT_WRITE_C
#define MBEDTLS_PK_WRITE_C
