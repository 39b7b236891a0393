#include "features/transactions/stop_data.h"

namespace pb {
namespace {

constexpr Text kPrefix = "txd-";

}  // namespace

void StopData::begin() {
  batch_.clear();
  dirty_ = false;
}

void StopData::keep(uint32_t transaction, MeterSample sample) {
  if (batch_.full()) batch_.halve(1);
  if (batch_.count() > 0 && batch_[0].stamp.boot != sample.stamp.boot) {
    // The transaction goes on after a power cut: only wall time spans both boots.
    const Stamp& first = batch_[0].stamp;
    if (first.wall_ms == 0 || sample.stamp.wall_ms < first.wall_ms) return;
    sample.stamp.boot = first.boot;
    sample.stamp.at = first.at + static_cast<Millis>(sample.stamp.wall_ms - first.wall_ms);
  }
  batch_.transaction = transaction;
  if (batch_.append(sample)) dirty_ = true;
}

const MeterBatch* StopData::find(uint32_t transaction, MeterBatch& scratch) const {
  if (has(transaction)) return &batch_;
  return read(transaction, scratch) ? &scratch : nullptr;
}

bool StopData::write(StorageDone done) {
  uint8_t content[MeterBatch::kMaxEncoded];
  dirty_ = false;
  return storage_.write(numbered_file(kPrefix, batch_.transaction).text(), batch_.encode(content), done);
}

bool StopData::load(uint32_t transaction) { return read(transaction, batch_); }

void StopData::remove(uint32_t transaction) {
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
