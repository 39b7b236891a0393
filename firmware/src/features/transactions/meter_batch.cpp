#include "features/transactions/meter_batch.h"

#include <string.h>

#include "core/crc32.h"

namespace pb {
namespace {

// The first byte of a file. A Record's file begins with a hexadecimal digit instead.
constexpr uint8_t kMagic = 'm';
constexpr uint8_t kMagicSeconds = 's';
// Earlier versions did not store the voltage.
constexpr uint8_t kMagicWithoutVoltage = 'M';
constexpr uint8_t kMagicSecondsWithoutVoltage = 'S';
constexpr size_t kVoltageSize = 2;
constexpr size_t kCrcEnd = 5;
constexpr int32_t kNoWallTime = INT32_MIN;
constexpr int64_t kLastWallTime = 253'402'300'799'999;  // the end of the year 9999, the last that RFC 3339 can write

/// Whether a time in a file is possible; 0 means unknown. Calculations with a damaged time could overflow.
bool is_wall_time(int64_t wall_ms) { return wall_ms >= 0 && wall_ms <= kLastWallTime; }

/// Little-endian numbers, one after the other.
class Packer {
 public:
  explicit Packer(MutableBytes into) : into_(into) {}
  void put(uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) into_[at_++] = static_cast<uint8_t>(value >> (8 * i));
  }
  size_t length() const { return at_; }

 private:
  MutableBytes into_;
  size_t at_ = 0;
};

class Unpacker {
 public:
  explicit Unpacker(Bytes from) : from_(from) {}
  uint64_t take(size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value |= uint64_t{from_[at_++]} << (8 * i);
    return value;
  }
  uint32_t take32() { return static_cast<uint32_t>(take(4)); }

 private:
  Bytes from_;
  size_t at_ = 0;
};

// A flag in the number that stores a sample's time since the first sample. That time is at most INT32_MAX, so the bit
// is free.
constexpr uint32_t kFromCsms = 0x8000'0000;

/// Calculates by how much the sample's wall time differs from the time of `first` plus the packed time since `first`.
/// @param unit of the packed time, in ms  @param drift in ms  @return false when the drift is too large to be packed.
bool drift_of(const MeterSample& sample, const MeterSample& first, Millis unit, int32_t& drift) {
  drift = kNoWallTime;
  if (sample.stamp.wall_ms == 0) return true;
  const int64_t expected = first.stamp.wall_ms + static_cast<int64_t>((sample.stamp.at - first.stamp.at) / unit * unit);
  const int64_t difference = sample.stamp.wall_ms - expected;
  if (difference <= INT32_MIN || difference > INT32_MAX) return false;
  drift = static_cast<int32_t>(difference);
  return true;
}

/// One bit per measurand. The order of the measurands is not stored.
uint8_t pack(const Measurands& measurands) {
  uint8_t bits = 0;
  for (const Measurand measurand : measurands)
    bits = static_cast<uint8_t>(bits | 1u << static_cast<unsigned>(measurand));
  return bits;
}
static_assert(kMeasurands <= 4, "the file has 4 bits for them");

Measurands unpack(uint8_t bits) {
  Measurands measurands;
  for (unsigned i = 0; i < kMeasurands; ++i) {
    if ((bits & (1u << i)) != 0) measurands.add(static_cast<Measurand>(i));
  }
  return measurands;
}

uint32_t power_of(const MeterSample& sample) {
  constexpr uint32_t kMax = 0xFFFFFF;
  return sample.reading.power_w < kMax ? sample.reading.power_w : kMax;
}

}  // namespace

bool MeterBatch::takes(const MeterSample& sample) const {
  if (count_ == 0) return true;
  if (full()) return false;
  const MeterSample& first = samples_[0];
  int32_t drift = 0;
  return sample.stamp.boot == first.stamp.boot && sample.stamp.at >= first.stamp.at &&
         (sample.stamp.at - first.stamp.at) / unit() <= INT32_MAX &&
         sample.reading.energy_wh >= first.reading.energy_wh &&
         sample.reading.energy_wh - first.reading.energy_wh <= UINT32_MAX && drift_of(sample, first, unit(), drift);
}

void MeterBatch::set_wall_time(const Stamp& later) {
  if (later.wall_ms == 0) return;
  for (size_t i = 0; i < count_; ++i) {
    Stamp& stamp = samples_[i].stamp;
    stamp.wall_ms = later.wall_ms - static_cast<int64_t>(later.at - stamp.at);
    stamp.from_csms = later.from_csms;
  }
}

bool MeterBatch::settle(size_t first, const TransactionTimes& times) {
  bool changed = false;
  bool packable = true;
  for (size_t i = first; i < count_; ++i) {
    int32_t drift = 0;
    changed = times.settle(samples_[i].stamp) || changed;
    packable = packable && drift_of(samples_[i], samples_[0], unit(), drift);
  }
  if (!packable) set_wall_time(last().stamp);
  return changed;
}

bool MeterBatch::append(const MeterSample& sample) {
  if (!takes(sample)) return false;
  MeterSample& kept = samples_[count_++];
  kept = sample;
  // Keep measurands and power as the file restores them: a message must be the same from memory and, after a power cut,
  // from the file.
  kept.measurands = unpack(pack(sample.measurands));
  kept.reading.power_w = power_of(sample);
  return true;
}

void MeterBatch::halve(size_t kept) {
  size_t into = kept;
  for (size_t from = kept + 1; from < count_; from += 2) samples_[into++] = samples_[from];
  if (into < count_) count_ = into;
}

bool MeterBatch::thin_out() {
  const size_t before = count_;
  count_ = 0;
  for (size_t from = (before + 1) % 2; from < before; from += 2) {
    if (!append(samples_[from])) return false;
  }
  return true;
}

Bytes MeterBatch::encode(MutableBytes into) const {
  if (count_ == 0 || into.length < kHeader + count_ * kSampleSize) return {};
  const MeterSample& first = samples_[0];
  Packer packer(into.after(kCrcEnd));
  packer.put(count_, 1);
  packer.put(sequence, 4);
  packer.put(nonce, 4);
  packer.put(transaction, 4);
  packer.put(first.stamp.boot, 4);
  packer.put(first.stamp.at, 8);
  packer.put(static_cast<uint64_t>(first.stamp.wall_ms), 8);
  packer.put(first.reading.energy_wh, 8);
  packer.put(voltage_v, kVoltageSize);
  for (size_t i = 0; i < count_; ++i) {
    const MeterSample& sample = samples_[i];
    int32_t drift = 0;
    drift_of(sample, first, unit(), drift);
    packer.put((sample.stamp.at - first.stamp.at) / unit() | (sample.stamp.from_csms ? kFromCsms : 0), 4);
    packer.put(static_cast<uint32_t>(drift), 4);
    packer.put(sample.reading.energy_wh - first.reading.energy_wh, 4);
    packer.put(power_of(sample), 3);
    packer.put(static_cast<uint8_t>(sample.context) | uint64_t{pack(sample.measurands)} << 4, 1);
  }
  const Bytes body{into.data + kCrcEnd, packer.length()};
  into[0] = in_seconds ? kMagicSeconds : kMagic;
  Packer crc(into.after(1));
  crc.put(crc32(body), 4);
  return {into.data, kCrcEnd + body.length};
}

bool MeterBatch::decode(Bytes content) {
  if (content.length < kHeader) return false;
  const bool is_old = content[0] == kMagicWithoutVoltage || content[0] == kMagicSecondsWithoutVoltage;
  if (!is_old && content[0] != kMagic && content[0] != kMagicSeconds) return false;
  if (Unpacker(content.after(1)).take32() != crc32(content.after(kCrcEnd))) return false;
  Unpacker from(content.after(kCrcEnd));
  const auto count = static_cast<size_t>(from.take(1));
  if (count == 0 || count > kMaxSamples ||
      content.length != kHeader - (is_old ? kVoltageSize : 0) + count * kSampleSize)
    return false;
  in_seconds = content[0] == kMagicSeconds || content[0] == kMagicSecondsWithoutVoltage;
  sequence = from.take32();
  nonce = from.take32();
  transaction = from.take32();
  MeterSample first;
  first.stamp.boot = from.take32();
  first.stamp.at = from.take(8);
  first.stamp.wall_ms = static_cast<int64_t>(from.take(8));
  if (!is_wall_time(first.stamp.wall_ms)) return false;
  first.reading.energy_wh = from.take(8);
  voltage_v = is_old ? uint16_t{0} : static_cast<uint16_t>(from.take(kVoltageSize));
  for (count_ = 0; count_ < count; ++count_) {
    MeterSample sample;
    const uint32_t word = from.take32();
    const Millis after = (word & ~kFromCsms) * unit();
    const auto drift = static_cast<int32_t>(from.take32());
    sample.stamp = {first.stamp.boot, first.stamp.at + after, 0, (word & kFromCsms) != 0};
    if (drift != kNoWallTime) sample.stamp.wall_ms = first.stamp.wall_ms + static_cast<int64_t>(after) + drift;
    if (!is_wall_time(sample.stamp.wall_ms)) return false;
    sample.reading.energy_wh = first.reading.energy_wh + from.take32();
    sample.reading.power_w = static_cast<uint32_t>(from.take(3));
    const auto flags = static_cast<uint8_t>(from.take(1));
    if ((flags & 0x0f) > static_cast<uint8_t>(ReadingContext::trigger)) return false;
    sample.context = static_cast<ReadingContext>(flags & 0x0f);
    sample.measurands = unpack(static_cast<uint8_t>(flags >> 4));
    // A file that append() cannot have made could not be written again either.
    if (!takes(sample)) return false;
    samples_[count_] = sample;
  }
  return true;
}

}  // namespace pb
