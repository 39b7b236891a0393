#include "features/schema/tables.h"

namespace pb {
namespace {

constexpr size_t kRows = 4;
constexpr size_t kRowSize = 6;
constexpr uint8_t kMaxProperties = 64;
constexpr uint8_t kMaxText = 255;

}  // namespace

uint16_t SchemaTables::find(Text action, bool is_request) const {
  const size_t row = row_of(action);
  return row == messages() ? kAny : u16(kRows + row * kRowSize + (is_request ? 2 : 4));
}

bool SchemaTables::has(Text action) const { return row_of(action) < messages(); }

size_t SchemaTables::row_of(Text action) const {
  size_t low = 0;
  size_t high = messages();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const int order = compare(u16(kRows + middle * kRowSize), action);
    if (order == 0) return middle;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return messages();
}

int SchemaTables::compare(uint16_t text, Text other) const {
  for (uint8_t i = 0; i < kMaxText; ++i) {
    const char own = character(text, i);
    if (i == other.length) return own == '\0' ? 0 : 1;
    if (own != other.data[i]) return static_cast<uint8_t>(own) < static_cast<uint8_t>(other.data[i]) ? -1 : 1;
  }
  return -1;
}

uint8_t SchemaTables::properties(uint16_t node) const {
  const uint8_t count = u8(node + 2u);
  return count < kMaxProperties ? count : kMaxProperties;
}

char SchemaTables::character(uint16_t text, uint8_t position) const {
  return ends_at(text, position) ? '\0' : static_cast<char>(u8(text + uint32_t{position}) & 0x7f);
}

void SchemaTables::write_text(TextWriter& writer, uint16_t text) const {
  for (uint8_t i = 0; i < kMaxText; ++i) {
    const char c = character(text, i);
    if (c == '\0') return;
    writer.append(c);
  }
}

}  // namespace pb
