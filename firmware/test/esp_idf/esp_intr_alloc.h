#pragma once

// API reference, System, "Interrupt Allocation".

constexpr int ESP_INTR_FLAG_IRAM = 1 << 10;
