#pragma once

#include "port/retained_ram.h"

namespace pb::esp32 {

/// RTC memory that the start-up code does not initialize. ESP-IDF: API guides, "Memory Types", RTC_NOINIT_ATTR.
class EspRetainedRam final : public RetainedRam {
 public:
  MutableBytes bytes() override;
};

}  // namespace pb::esp32
