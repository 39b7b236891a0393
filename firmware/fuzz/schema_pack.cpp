// The content of a schema slot: the loader rejects it, or the validator can use any tables in it. Each input is also
// tried with its length and CRC corrected.

#include <vector>

#include "core/crc32.h"
#include "features/schema/pack.h"
#include "features/schema/validator.h"
#include "fuzz/input.h"

namespace pb::fuzz {
namespace {

constexpr Text kDocuments[] = {
    "{\"status\":\"Accepted\",\"idTag\":\"1\",\"a\":[{\"b\":1.5},{\"b\":-0}],\"currentTime\":\"2024-01-01T00:00:00Z\"}",
    "{}", "{\"A\":{\"A\":{\"A\":{\"A\":[[[[true,null,1e5,\"http://[::1]/\"]]]]}}}}"};

void use(const SchemaPack& pack) {
  for (const Text action : {Text("Heartbeat"), Text("A"), Text("")}) pack.tables.has(action);
  const uint16_t heartbeat = pack.tables.find("Heartbeat", true);
  // Any offset is a node for the reader of the tables.
  for (const uint16_t node : {heartbeat, uint16_t{4}, uint16_t{10}, uint16_t{16}, uint16_t{0xffff}}) {
    for (const Text document : kDocuments) {
      SchemaValidator validator(pack.tables, node);
      if (validator.feed(document) && validator.finish()) continue;
      char bytes[64];
      TextWriter description{Span<char>(bytes)};
      validator.describe(description);
    }
  }
}

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  SchemaPack pack;
  if (read_pack({data, size}, pack) == nullptr) {
    fuzz::require(pack.length <= size && !pack.protocol.empty(), "a pack lies in its slot and names its protocol");
    fuzz::use(pack);
  }
  if (size <= SchemaPack::kHeaderSize) return 0;
  std::vector<uint8_t> slot(data, data + size);
  const size_t length = size - SchemaPack::kHeaderSize;
  for (size_t i = 0; i < 4; ++i) slot[20 + i] = static_cast<uint8_t>(length >> (8 * i));
  const uint32_t crc = crc32({slot.data() + SchemaPack::kHeaderSize, length}, crc32({slot.data(), 60}));
  for (size_t i = 0; i < 4; ++i) slot[60 + i] = static_cast<uint8_t>(crc >> (8 * i));
  if (read_pack({slot.data(), slot.size()}, pack) == nullptr) fuzz::use(pack);
  return 0;
}
