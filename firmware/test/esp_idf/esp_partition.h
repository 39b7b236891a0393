#pragma once

// API reference, Storage, "Partitions API".

#include <stddef.h>

#include "esp_err.h"

enum esp_partition_type_t { ESP_PARTITION_TYPE_APP = 0x00, ESP_PARTITION_TYPE_DATA = 0x01 };
enum esp_partition_subtype_t { ESP_PARTITION_SUBTYPE_ANY = 0xff };

struct esp_partition_t {
  uint32_t address;
  uint32_t size;
  uint32_t erase_size;
  char label[17];
};

const esp_partition_t* esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t subtype,
                                                const char* label);
typedef uint32_t esp_partition_mmap_handle_t;
enum esp_partition_mmap_memory_t { ESP_PARTITION_MMAP_DATA, ESP_PARTITION_MMAP_INST };
esp_err_t esp_partition_mmap(const esp_partition_t* partition, size_t offset, size_t size,
                             esp_partition_mmap_memory_t memory, const void** out_ptr,
                             esp_partition_mmap_handle_t* out_handle);
esp_err_t esp_partition_read(const esp_partition_t* partition, size_t offset, void* into, size_t size);
esp_err_t esp_partition_write(const esp_partition_t* partition, size_t offset, const void* from, size_t size);
esp_err_t esp_partition_erase_range(const esp_partition_t* partition, size_t offset, size_t size);
