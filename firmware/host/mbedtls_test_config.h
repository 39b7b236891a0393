#pragma once

// The device's configuration, with the server and the writer of certificates that test_tls connects it to.
#include "mbedtls_config.h"

#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CRT_WRITE_C
#define MBEDTLS_PK_WRITE_C
