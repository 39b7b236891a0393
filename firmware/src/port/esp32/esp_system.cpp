#include "port/esp32/esp_system.h"

#include <assert.h>
#include <esp_app_desc.h>
#include <esp_core_dump.h>
#include <esp_err.h>
#include <esp_mac.h>
#include <esp_ota_ops.h>
#include <esp_system.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>
#include <sdkconfig.h>
#include <stdlib.h>
#include <string.h>

#include "core/text_writer.h"

namespace pb::esp32 {

namespace {

/// Calls itself until the stack is full. Writes the whole frame, because a watchpoint sees only the bytes at the end.
__attribute__((noinline)) uint32_t exhaust_stack(uint32_t depth) {
  volatile uint32_t frame[16];
  for (volatile uint32_t& word : frame) word = depth;
  return frame[0] == depth ? exhaust_stack(depth + 1) + frame[1] : 0;
}

}  // namespace

EspSystem::EspSystem(EspTcp& tcp, const Heap& heap) : tcp_(tcp), fragmenter_(heap) {
  // The build puts the hash of the ELF file into the image. The panic handler and the core dump name the same hash.
  const esp_app_desc_t* description = esp_app_get_description();
  TextWriter text{Span<char>(build_id_)};
  for (size_t byte = 0; byte < sizeof build_id_ / 2; ++byte) text.append(Hex{description->app_elf_sha256[byte], 2});
  ESP_ERROR_CHECK(esp_task_wdt_add(nullptr));
}

ResetReason EspSystem::reset_reason() const {
  switch (esp_reset_reason()) {
    case ESP_RST_SW:
      return ResetReason::software;
    case ESP_RST_PANIC:
      return ResetReason::panic;
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
      return ResetReason::watchdog;
    case ESP_RST_BROWNOUT:
      return ResetReason::brownout;
    case ESP_RST_EXT:
      return ResetReason::external;
    default:
      // An ESP32 reports a reset by EN as power-on. The remaining reasons do not occur here: deep sleep, SDIO, a reset
      // by USB.
      return ResetReason::power_on;
  }
}

bool EspSystem::take_crash(CrashReport& report) {
  const ResetReason reason = reset_reason();
  if (has_taken_crash_ || (reason != ResetReason::panic && reason != ResetReason::watchdog)) return false;
  has_taken_crash_ = true;
  // The panic handler has written the dump to flash. It stays there, for esp-coredump.
  esp_core_dump_summary_t summary = {};
  if (esp_core_dump_get_summary(&summary) != ESP_OK) return false;
  char bytes[decltype(report.cause)::capacity()];
  TextWriter cause{Span<char>(bytes)};
  const Text task = text_of_field(summary.exc_task, sizeof summary.exc_task);
  cause.append_all("task ", task, " at 0x", Hex{summary.exc_pc, 8}, ", exception cause ");
  report.frame_count = 0;
#if CONFIG_IDF_TARGET_ARCH_XTENSA
  cause.append(summary.ex_info.exc_cause);
  for (uint32_t i = 0; i < summary.exc_bt_info.depth && report.frame_count < CrashReport::kMaxFrames; ++i) {
    report.frames[report.frame_count++] = summary.exc_bt_info.bt[i];
  }
#else
  // On RISC-V a backtrace needs debug information, which the chip does not have. The program counter and the return
  // address are the first two frames; the dump has the whole stack.
  cause.append(summary.ex_info.mcause);
  report.frames[report.frame_count++] = summary.exc_pc;
  report.frames[report.frame_count++] = summary.ex_info.ra;
#endif
  report.cause.assign(cause.text());
  return true;
}

uint64_t EspSystem::chip_id() const {
  uint8_t mac[8] = {};
  esp_efuse_mac_get_default(mac);
  uint64_t id = 0;
  for (size_t i = 0; i < 6; ++i) id = id << 8 | mac[i];
  return id;
}

void EspSystem::feed_watchdog() { esp_task_wdt_reset(); }

bool EspSystem::image_on_trial() const {
  esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
  return esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) == ESP_OK &&
         state == ESP_OTA_IMG_PENDING_VERIFY;
}

void EspSystem::confirm_image() { esp_ota_mark_app_valid_cancel_rollback(); }

TestControls* EspSystem::test_controls() {
#if CONFIG_PLUGBENCH_TEST_CONTROLS
  return this;
#else
  return nullptr;
#endif
}

void EspSystem::crash(Crash kind) {
  if (kind == Crash::null_pointer) {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
  }
  if (kind == Crash::stack_overflow) exhaust_stack(0);
  [[maybe_unused]] const bool on_purpose = true;
  if (kind == Crash::failed_assert) assert(on_purpose == false);
  abort();
}

void EspSystem::hang() {
  for (volatile bool forever = true; forever;) {
  }
}

void EspSystem::work_for(Micros time) {
  for (const int64_t end = esp_timer_get_time() + static_cast<int64_t>(time); esp_timer_get_time() < end;) {
  }
}

}  // namespace pb::esp32
