// The files of the transactions: ledger, records and batches of samples. Content that can be decoded is encoded
// to the same bytes.

#include <memory>
#include <string>

#include "core/crc32.h"
#include "core/text_writer.h"
#include "features/transactions/meter_batch.h"
#include "features/transactions/record.h"
#include "fuzz/input.h"

namespace pb::fuzz {
namespace {

/// Writes a valid CRC before the text, as the device does. Otherwise no mutation would get past it.
std::string sealed(Text json) {
  char crc[10] = {};
  TextWriter prefix{Span<char>(crc)};
  prefix.append_all(Hex{crc32(json.bytes()), 8}, ' ');
  return std::string(crc, 9) + std::string(json.data, json.length);
}

template <class Stored>
void check_text_file(const std::string& content) {
  const auto first = std::make_unique<Stored>();
  if (!first->decode({reinterpret_cast<const uint8_t*>(content.data()), content.size()})) return;
  char once[Stored::kMaxEncoded];
  const Bytes encoded = first->encode(once);
  require(!encoded.empty(), "what was decoded fits into a file");
  const auto second = std::make_unique<Stored>();
  require(second->decode(encoded), "an encoded file decodes");
  char twice[Stored::kMaxEncoded];
  const Bytes again = second->encode(twice);
  require(again.length == encoded.length && memcmp(again.data, encoded.data, again.length) == 0,
          "a file that is read and written is the same");
}

/// As sealed(): the magic, the CRC of the rest, and the rest.
std::string sealed_batch(Bytes content) {
  const uint32_t crc = crc32(content.after(1));
  std::string batch(content.empty() ? "" : std::string(1, static_cast<char>(content[0])));
  for (unsigned i = 0; i < 4; ++i) batch += static_cast<char>(crc >> (8 * i));
  const Bytes rest = content.after(1);
  return batch.append(reinterpret_cast<const char*>(rest.data), rest.length);
}

void check_batch(const std::string& file) {
  const Bytes content{reinterpret_cast<const uint8_t*>(file.data()), file.size()};
  const auto first = std::make_unique<MeterBatch>();
  if (!first->decode(content)) return;
  require(first->count() <= MeterBatch::kMaxSamples, "a batch has at most 28 samples");
  uint8_t once[MeterBatch::kMaxEncoded];
  const Bytes encoded = first->encode(once);
  const auto second = std::make_unique<MeterBatch>();
  require(second->decode(encoded), "an encoded batch decodes");
  require(second->count() == first->count(), "an encoded batch has the same samples");
}

}  // namespace
}  // namespace pb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pb;
  using namespace pb::fuzz;
  Input input(data, size);
  switch (input.byte() % 4) {
    case 0:
      check_text_file<Ledger>(sealed(input.text()));
      break;
    case 1:
      check_text_file<Record>(sealed(input.text()));
      break;
    case 2:
      check_text_file<Ledger>(std::string(input.text().data, input.text().length));
      break;
    default:
      check_batch(sealed_batch(input.rest()));
  }
  return 0;
}
