#include "port/posix/posix_system.h"

#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/text_writer.h"
#include "port/posix/exhaust_stack.h"

namespace pb::posix {

namespace {

/// Finds the note of type NT_GNU_BUILD_ID in the executable; `result` is a std::string of 8 digits.
int find_build_id(dl_phdr_info* info, size_t, void* result) {
  constexpr size_t kDigits = 8;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) & header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const uint8_t*>(info->dlpi_addr + header.p_vaddr);
    const uint8_t* end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      memcpy(&note, at, sizeof note);
      const uint8_t* name = at + sizeof note;
      const uint8_t* content = name + ((note.n_namesz + 3U) & ~3U);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(name, "GNU", 4) == 0 && note.n_descsz >= 4) {
        char digits[kDigits];
        TextWriter text{Span<char>(digits)};
        for (size_t byte = 0; byte < kDigits / 2; ++byte) text.append(Hex{content[byte], 2});
        static_cast<std::string*>(result)->assign(digits, kDigits);
        return 1;
      }
      at = content + ((note.n_descsz + 3U) & ~3U);
    }
  }
  return 1;  // the first entry is the executable
}

}  // namespace

PosixSystem::PosixSystem(ResetReason reason, Timebase& time, CrashReporter& crash_reporter, PosixTcp& tcp,
                         DeviceHeap& heap, Flash& otadata, RetainedMemory& retained, const PosixWorker& worker)
    : reason_(reason),
      time_(time),
      crash_reporter_(crash_reporter),
      tcp_(tcp),
      heap_(heap),
      retained_(retained),
      worker_(worker),
      ota_data_(otadata),
      build_id_("00000000") {
  dl_iterate_phdr(&find_build_id, &build_id_);
}

bool PosixSystem::take_crash(CrashReport& report) {
  // Take the record at every boot. A crash handler can fail before it writes its record: the device would then report
  // an old record for the new crash.
  CrashReport found;
  const bool has_crashed = reason_ == ResetReason::panic || reason_ == ResetReason::watchdog;
  if (!retained_.take_crash(found) || !has_crashed) return false;
  report = found;
  return true;
}

size_t PosixSystem::task_times(Span<TaskTime> times) const {
  const std::optional<Micros> worker = worker_.worked();
  const TaskTime found[] = {{"main", static_cast<uint32_t>(time_.loop_worked())},
                            {"worker", static_cast<uint32_t>(worker.value_or(0))}};
  size_t count = 0;
  while (count < times.length && count < (worker.has_value() ? 2U : 1U)) {
    times.data[count] = found[count];
    ++count;
  }
  return count;
}

void PosixSystem::limit_largest_block(size_t bytes) {
  for (void* memory : held_) heap_.release(memory);
  held_.clear();
  if (bytes == 0) return;
  // Allocate blocks of that size, separate them by small allocations, and release the blocks. The first small
  // allocations land in holes elsewhere. Several rounds are needed until there is one between any two blocks.
  while (heap_.largest_block() > bytes) {
    std::vector<void*> blocks;
    while (heap_.largest_block() > bytes) {
      blocks.push_back(heap_.allocate(bytes));
      held_.push_back(heap_.allocate(1));
    }
    for (void* memory : blocks) heap_.release(memory);
  }
}

// The sanitizer would report the null pointer first, but the test needs the signal.
__attribute__((no_sanitize("address", "undefined"))) void PosixSystem::crash(Crash kind) {
  if (kind == Crash::null_pointer) {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
  }
  if (kind == Crash::stack_overflow) exhaust_stack(0);
  if (kind == Crash::failed_assert) crash_reporter_.set_cause("assert failed: on_purpose == false");
  abort();
}

}  // namespace pb::posix
