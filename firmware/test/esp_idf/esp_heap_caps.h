#pragma once

// API reference, System, "Heap Memory Allocation".

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t MALLOC_CAP_DEFAULT = 1U << 12;

size_t heap_caps_get_free_size(uint32_t capabilities);
size_t heap_caps_get_largest_free_block(uint32_t capabilities);
size_t heap_caps_get_minimum_free_size(uint32_t capabilities);
