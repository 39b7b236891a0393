#include "features/transactions/stop_data.h"

namespace pb {
namespace {

constexpr Text kPrefix = "txd-";

/// Converts a stamp of this boot to the boot of the earlier samples. The two boots have only the wall time in common.
void convert_to_boot_of(MeterBatch& batch, Stamp& stamp) {
  if (batch.last().stamp.wall_ms == 0 && stamp.wall_ms != 0) {
    // The earlier boot never got the time. Date its last sample at the latest possible time: the start of this boot.
    batch.set_wall_time({0, batch.last().stamp.at, stamp.wall_ms - static_cast<int64_t>(stamp.at), stamp.from_csms});
  }
  const Stamp& last = batch.last().stamp;
  // Even if the clock is behind or unknown, a sample must not be dated before earlier samples.
  if (stamp.wall_ms < last.wall_ms) stamp.wall_ms = last.wall_ms;
  stamp.boot = last.boot;
  stamp.at = last.at + static_cast<Millis>(stamp.wall_ms - last.wall_ms);
}

}  // namespace

void StopData::begin() {
  const Place* place = oldest(&is_saved);
  if (place == nullptr) place = oldest(&is_any);
  last_ = places_ + (place - places_);
  if (!is_saved(*last_)) {
    log_.error("tx", "the transactionData of transaction ", last_->batch.transaction, " is lost: it cannot be saved");
  }
  last_->clear();
  last_->batch.voltage_v = voltage_v_;
}

void StopData::keep(uint32_t transaction, MeterSample sample) {
  MeterBatch& batch = last_->batch;
  if (batch.full()) batch.halve(1);
  if (batch.count() == 0 || batch[0].stamp.boot == sample.stamp.boot) {
    // The clock may have been set since the last sample. Its new time then also applies to earlier samples of the same
    // boot.
    batch.set_wall_time(sample.stamp);
  } else {
    convert_to_boot_of(batch, sample.stamp);
  }
  batch.in_seconds = batch.count() > 0 && sample.stamp.at - batch[0].stamp.at > INT32_MAX;
  batch.transaction = transaction;
  if (batch.append(sample)) last_->dirty = true;
}

const MeterBatch* StopData::find(uint32_t transaction, MeterBatch& scratch) const {
  if (const MeterBatch* batch = in_memory(transaction)) return batch;
  return read(transaction, scratch) ? &scratch : nullptr;
}

const StopData::Place* StopData::oldest(bool (*fits)(const Place& place)) const {
  const Place* found = nullptr;
  for (const Place& place : places_) {
    if (!fits(place)) continue;
    if (found == nullptr || place.batch.transaction < found->batch.transaction) found = &place;
  }
  return found;
}

const MeterBatch* StopData::in_memory(uint32_t transaction) const {
  for (const Place& place : places_) {
    if (place.batch.transaction == transaction && place.batch.count() > 0) return &place.batch;
  }
  return nullptr;
}

bool StopData::write(StorageDone done) {
  Place& place = places_[oldest(&is_dirty) - places_];
  uint8_t content[MeterBatch::kMaxEncoded];
  const FileName name = numbered_file(kPrefix, place.batch.transaction);
  if (!storage_.write(name.text(), place.batch.encode(content), done)) return false;
  place.dirty = false;
  place.writing = true;
  return true;
}

void StopData::written(bool ok) {
  failed_ = !ok;
  for (Place& place : places_) {
    place.dirty = place.dirty || (place.writing && !ok);
    place.writing = false;
  }
}

bool StopData::load(uint32_t transaction) { return read(transaction, last_->batch); }

void StopData::remove(uint32_t transaction) {
  for (Place& place : places_) {
    if (place.batch.transaction == transaction) place.clear();
  }
  storage_.remove(numbered_file(kPrefix, transaction).text(), StorageDone());
}

NumberedFiles StopData::transactions() const { return NumberedFiles(storage_, kPrefix); }

bool StopData::read(uint32_t transaction, MeterBatch& batch) const {
  uint8_t content[MeterBatch::kMaxEncoded];
  size_t length = 0;
  if (storage_.read(numbered_file(kPrefix, transaction).text(), content, length) != StorageResult::ok) return false;
  if (batch.decode({content, length}) && batch.transaction == transaction) return true;
  log_.error("tx", "the transactionData of transaction ", transaction, " is lost: its file is damaged");
  return false;
}

}  // namespace pb
