#include <unity.h>

#include "features/charging/power_estimate.h"
#include "features/transactions/meter_batch.h"
#include "support/check.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

constexpr int64_t kNoon = 1'700'000'000'000;

MeterSample sample_at(Millis at, uint64_t energy_wh, int64_t wall_ms) {
  MeterSample sample;
  sample.stamp = {7, at, wall_ms};
  sample.reading = {energy_wh, 11'000};
  sample.context = ReadingContext::sample_clock;
  sample.measurands = {Measurand::power_active_import, Measurand::voltage};
  return sample;
}

MeterBatch full_batch() {
  MeterBatch batch;
  batch.sequence = 41;
  batch.nonce = 0xdeadbeef;
  batch.transaction = 3;
  for (Millis i = 0; i < MeterBatch::kMaxSamples; ++i) {
    TEST_ASSERT_TRUE(
        batch.append(sample_at(1000 + 60'000 * i, 500 + 183 * i, kNoon + static_cast<int64_t>(60'000 * i))));
  }
  return batch;
}

void batch_is_unpacked_as_it_was_packed() {
  const MeterBatch batch = full_batch();
  TEST_ASSERT_TRUE(batch.full());
  uint8_t bytes[MeterBatch::kMaxEncoded];
  const Bytes content = batch.encode(bytes);
  TEST_ASSERT_EQUAL_size_t(MeterBatch::kMaxEncoded, content.length);
  MeterBatch read;
  TEST_ASSERT_TRUE(read.decode(content));
  TEST_ASSERT_EQUAL_UINT32(41, read.sequence);
  TEST_ASSERT_EQUAL_HEX32(0xdeadbeef, read.nonce);
  TEST_ASSERT_EQUAL_UINT32(3, read.transaction);
  TEST_ASSERT_EQUAL_size_t(batch.count(), read.count());
  for (size_t i = 0; i < read.count(); ++i) {
    TEST_ASSERT_EQUAL_UINT32(7, read[i].stamp.boot);
    TEST_ASSERT_EQUAL_UINT64(batch[i].stamp.at, read[i].stamp.at);
    TEST_ASSERT_EQUAL_INT64(batch[i].stamp.wall_ms, read[i].stamp.wall_ms);
    TEST_ASSERT_EQUAL_UINT64(batch[i].reading.energy_wh, read[i].reading.energy_wh);
    TEST_ASSERT_EQUAL_UINT32(11'000, read[i].reading.power_w);
    TEST_ASSERT_EQUAL(ReadingContext::sample_clock, read[i].context);
    TEST_ASSERT_TRUE(read[i].measurands.has(Measurand::voltage));
    TEST_ASSERT_EQUAL_size_t(2, read[i].measurands.size());
  }
}

void batch_stores_the_source_of_each_time() {
  MeterBatch batch;
  const bool told[] = {false, true, true};
  for (Millis i = 0; i < 3; ++i) {
    MeterSample sample = sample_at(Millis{INT32_MAX} / 2 * i, 500 + i, 0);
    sample.stamp.from_csms = told[i];
    TEST_ASSERT_TRUE(batch.append(sample));
  }
  uint8_t bytes[MeterBatch::kMaxEncoded];
  MeterBatch read;
  TEST_ASSERT_TRUE(read.decode(batch.encode(bytes)));
  for (size_t i = 0; i < 3; ++i) {
    TEST_ASSERT_EQUAL(told[i], read[i].stamp.from_csms);
    TEST_ASSERT_EQUAL_UINT64(batch[i].stamp.at, read[i].stamp.at);
  }
}

void every_damaged_byte_is_detected() {
  uint8_t bytes[MeterBatch::kMaxEncoded];
  const Bytes content = full_batch().encode(bytes);
  MeterBatch read;
  for (size_t i = 0; i < content.length; ++i) {
    bytes[i] ^= 0x10;
    TEST_ASSERT_FALSE(read.decode(content));
    bytes[i] ^= 0x10;
    TEST_ASSERT_FALSE(read.decode(content.first(i)));
  }
  TEST_ASSERT_TRUE(read.decode(content));
}

void samples_too_far_apart_begin_another_batch() {
  MeterBatch batch;
  TEST_ASSERT_TRUE(batch.append(sample_at(1000, 500, kNoon)));
  MeterSample other = sample_at(2000, 501, kNoon + 1000);
  other.stamp.boot = 8;
  TEST_ASSERT_FALSE_MESSAGE(batch.append(other), "another boot");
  TEST_ASSERT_FALSE_MESSAGE(batch.append(sample_at(2000, 499, kNoon + 1000)), "less energy");
  TEST_ASSERT_FALSE_MESSAGE(batch.append(sample_at(1000 + 0x80000000ull, 501, kNoon)), "24 days");
  TEST_ASSERT_FALSE_MESSAGE(batch.append(sample_at(2000, 501, kNoon + 3'000'000'000)), "the clock was set");
  TEST_ASSERT_TRUE_MESSAGE(batch.append(sample_at(2000, 501, kNoon - 5'000)), "the clock was set back a little");
  TEST_ASSERT_TRUE_MESSAGE(batch.append(sample_at(3000, 502, 0)), "the time is unknown");
  MeterBatch unknown;
  TEST_ASSERT_TRUE(unknown.append(sample_at(1000, 500, 0)));
  TEST_ASSERT_FALSE_MESSAGE(unknown.append(sample_at(2000, 501, kNoon)), "the time became known");
  uint8_t bytes[MeterBatch::kMaxEncoded];
  MeterBatch read;
  TEST_ASSERT_TRUE(read.decode(batch.encode(bytes)));
  TEST_ASSERT_EQUAL_INT64(kNoon - 5'000, read[1].stamp.wall_ms);
  TEST_ASSERT_EQUAL_INT64(0, read[2].stamp.wall_ms);
}

void months_are_packed_in_seconds_and_keep_their_wall_time() {
  constexpr Millis kMonths = 100 * Millis{86'400'000} + 7;
  MeterBatch batch;
  TEST_ASSERT_TRUE(batch.append(sample_at(1003, 500, kNoon)));
  const MeterSample later = sample_at(1003 + kMonths, 501, kNoon + static_cast<int64_t>(kMonths) - 2'000);
  TEST_ASSERT_FALSE(batch.takes(later));
  batch.in_seconds = true;
  TEST_ASSERT_TRUE(batch.append(later));
  uint8_t bytes[MeterBatch::kMaxEncoded];
  MeterBatch read;
  TEST_ASSERT_TRUE(read.decode(batch.encode(bytes)));
  TEST_ASSERT_EQUAL_INT64(later.stamp.wall_ms, read[1].stamp.wall_ms);
  TEST_ASSERT_EQUAL_UINT64(later.stamp.at - 7, read[1].stamp.at);
  TEST_ASSERT_TRUE_MESSAGE(read.takes(later), "the batch continues after a boot");
}

void sample_in_memory_equals_the_one_in_the_file() {
  MeterBatch batch;
  MeterSample sample = sample_at(1000, 500, kNoon);
  sample.measurands = {Measurand::voltage, Measurand::power_active_import, Measurand::energy_active_import_register};
  sample.reading.power_w = UINT32_MAX;
  TEST_ASSERT_TRUE(batch.append(sample));
  uint8_t bytes[MeterBatch::kMaxEncoded];
  MeterBatch read;
  TEST_ASSERT_TRUE(read.decode(batch.encode(bytes)));
  char texts[2][512];
  size_t i = 0;
  for (const MeterBatch* each : {&batch, &read}) {
    JsonWriter json(texts[i]);
    write_sampled_values(json, (*each)[0], 230);
    texts[i++][json.text().length] = '\0';
  }
  TEST_ASSERT_EQUAL_STRING(texts[0], texts[1]);
}

void halving_keeps_the_first_and_the_last() {
  MeterBatch batch = full_batch();
  const uint64_t first = batch[0].reading.energy_wh;
  const uint64_t last = batch.last().reading.energy_wh;
  batch.halve(1);
  TEST_ASSERT_EQUAL_size_t(1 + (MeterBatch::kMaxSamples - 1) / 2, batch.count());
  TEST_ASSERT_EQUAL_UINT64(first, batch[0].reading.energy_wh);
  TEST_ASSERT_LESS_OR_EQUAL_UINT64(last, batch.last().reading.energy_wh);
}

void thinning_out_keeps_the_last_and_every_second_before_it() {
  for (const size_t count : {size_t{1}, size_t{6}, size_t{7}}) {
    MeterBatch batch;
    for (size_t i = 0; i < count; ++i) TEST_ASSERT_TRUE(batch.append(sample_at(1000 * i, i, 0)));
    TEST_ASSERT_TRUE(batch.thin_out());
    TEST_ASSERT_EQUAL_size_t((count + 1) / 2, batch.count());
    for (size_t i = 0; i < batch.count(); ++i) {
      TEST_ASSERT_EQUAL_UINT64(count - 1 - 2 * (batch.count() - 1 - i), batch[i].reading.energy_wh);
    }
  }
}

void sampled_values_have_their_units_and_the_current_is_derived() {
  MeterSample sample = sample_at(0, 1234, 0);
  sample.measurands = {Measurand::energy_active_import_register, Measurand::power_active_import,
                       Measurand::current_import, Measurand::voltage};
  char buffer[512];
  JsonWriter json(buffer);
  write_sampled_values(json, sample, 230);
  check_text(
      "[{\"value\":\"1234\",\"context\":\"Sample.Clock\",\"measurand\":\"Energy.Active.Import.Register\",\"unit\":"
      "\"Wh\"},"
      "{\"value\":\"11000\",\"context\":\"Sample.Clock\",\"measurand\":\"Power.Active.Import\",\"unit\":\"W\"},"
      "{\"value\":\"47.8\",\"context\":\"Sample.Clock\",\"measurand\":\"Current.Import\",\"unit\":\"A\"},"
      "{\"value\":\"230\",\"context\":\"Sample.Clock\",\"measurand\":\"Voltage\",\"unit\":\"V\"}]",
      json.text());
}

// ---- power from the time between pulses

void power_follows_the_pulses() {
  PowerEstimate power;
  Millis now = 0;
  power.update(0, now);
  TEST_ASSERT_EQUAL_UINT32(0, power.watts(now));
  for (uint64_t wh = 1; wh <= 60; ++wh) power.update(wh, now += 500);  // 2 Wh a second
  TEST_ASSERT_UINT32_WITHIN(20, 7'200, power.watts(now));
  for (uint64_t wh = 61; wh <= 120; ++wh) power.update(wh, now += 1000);
  TEST_ASSERT_UINT32_WITHIN(20, 3'600, power.watts(now));
}

void huge_power_does_not_wrap_around() {
  PowerEstimate power;
  power.update(0, 0);
  power.update(1, 1);
  power.update(1'000'001, 2);
  TEST_ASSERT_EQUAL_UINT32(UINT32_MAX, power.watts(2));
}

void missing_pulses_limit_the_power() {
  PowerEstimate power;
  Millis now = 0;
  for (uint64_t wh = 0; wh <= 60; ++wh) power.update(wh, now += 1000);
  TEST_ASSERT_UINT32_WITHIN(20, 3'600, power.watts(now));
  TEST_ASSERT_UINT32_WITHIN(1, 360, power.watts(now + 10'000));
  TEST_ASSERT_UINT32_WITHIN(1, 1, power.watts(now + 3'600'000));
  power.reset();
  TEST_ASSERT_EQUAL_UINT32(0, power.watts(now));
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(batch_is_unpacked_as_it_was_packed);
  RUN_TEST(batch_stores_the_source_of_each_time);
  RUN_TEST(every_damaged_byte_is_detected);
  RUN_TEST(samples_too_far_apart_begin_another_batch);
  RUN_TEST(months_are_packed_in_seconds_and_keep_their_wall_time);
  RUN_TEST(sample_in_memory_equals_the_one_in_the_file);
  RUN_TEST(halving_keeps_the_first_and_the_last);
  RUN_TEST(thinning_out_keeps_the_last_and_every_second_before_it);
  RUN_TEST(sampled_values_have_their_units_and_the_current_is_derived);
  RUN_TEST(power_follows_the_pulses);
  RUN_TEST(huge_power_does_not_wrap_around);
  RUN_TEST(missing_pulses_limit_the_power);
  return UNITY_END();
}
