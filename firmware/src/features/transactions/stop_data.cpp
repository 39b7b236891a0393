#include "features/transactions/stop_data.h"

namespace pb {
namespace {

constexpr Text kPrefix = "txd-";

}  // namespace

void StopData::begin() {
  last_ = places_;
  for (Place& place : places_) {
    if (place.is_saved() == last_->is_saved() ? place.batch.transaction < last_->batch.transaction : place.is_saved()) {
      last_ = &place;
    }
  }
  if (!last_->is_saved()) {
    log_.error("tx", "the transactionData of transaction ", last_->batch.transaction, " is lost: it was never saved");
  }
  *last_ = Place();
}

void StopData::keep(uint32_t transaction, MeterSample sample) {
  MeterBatch& batch = last_->batch;
  if (batch.full()) batch.halve(1);
  const bool same_boot = batch.count() == 0 || batch[0].stamp.boot == sample.stamp.boot;
  if (!same_boot) {
    // The transaction goes on after a power cut: only wall time spans both boots.
    const Stamp& first = batch[0].stamp;
    if (first.wall_ms == 0 || sample.stamp.wall_ms < first.wall_ms) return;
    sample.stamp.boot = first.boot;
    sample.stamp.at = first.at + static_cast<Millis>(sample.stamp.wall_ms - first.wall_ms);
  }
  // Within the same boot what the clock says now counts for then as well: it may have been set since.
  if (same_boot) batch.tell_time(sample.stamp);
  batch.in_seconds = batch.count() > 0 && sample.stamp.at - batch[0].stamp.at > INT32_MAX;
  batch.transaction = transaction;
  if (batch.append(sample)) last_->dirty = true;
}

const MeterBatch* StopData::find(uint32_t transaction, MeterBatch& scratch) const {
  if (const MeterBatch* batch = at_hand(transaction)) return batch;
  return read(transaction, scratch) ? &scratch : nullptr;
}

const MeterBatch* StopData::at_hand(uint32_t transaction) const {
  for (const Place& place : places_) {
    if (place.batch.transaction == transaction && place.batch.count() > 0) return &place.batch;
  }
  return nullptr;
}

bool StopData::dirty() const {
  for (const Place& place : places_) {
    if (place.dirty) return true;
  }
  return false;
}

bool StopData::write(StorageDone done) {
  Place* oldest = nullptr;
  for (Place& place : places_) {
    if (!place.dirty) continue;
    if (oldest == nullptr || place.batch.transaction < oldest->batch.transaction) oldest = &place;
  }
  uint8_t content[MeterBatch::kMaxEncoded];
  const FileName name = numbered_file(kPrefix, oldest->batch.transaction);
  if (!storage_.write(name.text(), oldest->batch.encode(content), done)) return false;
  oldest->dirty = false;
  oldest->writing = true;
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
    if (place.batch.transaction == transaction) place = Place();
  }
  storage_.remove(numbered_file(kPrefix, transaction).text(), StorageDone());
}

NumberedFiles StopData::transactions() const { return NumberedFiles(storage_, kPrefix); }

bool StopData::read(uint32_t transaction, MeterBatch& batch) const {
  uint8_t content[MeterBatch::kMaxEncoded];
  size_t length = 0;
  return storage_.read(numbered_file(kPrefix, transaction).text(), content, length) == StorageResult::ok &&
         batch.decode({content, length}) && batch.transaction == transaction;
}

}  // namespace pb
