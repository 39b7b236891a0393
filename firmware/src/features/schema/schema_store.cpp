#include "features/schema/schema_store.h"

namespace pb {
namespace {

constexpr Text kTag = "schema";

}  // namespace

void SchemaStore::load() {
  uint8_t record[kRecord] = {};
  size_t length = 0;
  const StorageResult result = storage_.read(kFile, record, length);
  if (result == StorageResult::not_found) return;
  const char* error = nullptr;
  SchemaPack pack;
  if (result != StorageResult::ok) {
    error = "the record of the slot in use cannot be read";
  } else if (length != kRecord || record[0] >= kSlots) {
    error = "the record of the slot in use names none";
  } else if (error = read_pack(slots_[record[0]]->mapped(), pack); error == nullptr) {
    uint32_t crc = 0;
    for (size_t i = 0; i < 4; ++i) crc |= uint32_t{record[4 + i]} << (8 * i);
    if (crc != pack.crc) error = "it is not the pack that was put into use";
  }
  if (error == nullptr) return use(pack, record[0]);
  log_.error(kTag, "the pack of schemas is not used: ", error, "; the built-in schemas remain");
}

void SchemaStore::use(const SchemaPack& pack, size_t slot) {
  pack_ = pack;
  slot_ = slot;
  if (listener_.call != nullptr) listener_.call(listener_.context, pack_);
  if (!has_pack()) return;
  log_.info(kTag, "pack in use: ", pack_.protocol.text(), ", ", pack_.length, " bytes, slot ", slot);
}

const char* SchemaStore::begin(size_t length) {
  if (is_busy_) return kBusy;
  if (length <= SchemaPack::kHeaderSize || length > slots_[other_slot()]->size()) {
    return "a pack has more than 64 bytes and fits into its slot";
  }
  length_ = length;
  written_ = 0;
  return nullptr;
}

const char* SchemaStore::write(Bytes bytes, Done done) {
  if (is_busy_) return kBusy;
  if (length_ == 0) return "no pack was begun";
  const size_t rest = length_ - written_;
  if (bytes.length != (rest < kChunk ? rest : kChunk) || rest == 0) {
    return "each write has 128 bytes, the last one the rest of the pack";
  }
  memset(chunk_, 0xff, sizeof chunk_);
  memcpy(chunk_, bytes.data, bytes.length);
  chunk_length_ = bytes.length;
  const Job job{[](void* self) { static_cast<SchemaStore*>(self)->run_write(); },
                [](void* self) {
                  auto& store = *static_cast<SchemaStore*>(self);
                  if (store.result_ == FlashResult::ok) {
                    store.written_ += store.chunk_length_;
                  } else {
                    store.length_ = 0;
                  }
                  store.finish(store.result_ == FlashResult::ok ? nullptr : "the flash failed, begin the pack again");
                },
                this};
  if (!worker_.post(job)) return kBusy;
  done_ = done;
  is_busy_ = true;
  return nullptr;
}

/// Runs in the worker. Erases the sectors that begin in the chunk, and programs the chunk.
void SchemaStore::run_write() {
  Flash& slot = *slots_[other_slot()];
  const size_t end = written_ + chunk_length_;
  const size_t first = (written_ + Flash::kSectorSize - 1) / Flash::kSectorSize * Flash::kSectorSize;
  result_ = FlashResult::ok;
  for (size_t sector = first; sector < end && result_ == FlashResult::ok; sector += Flash::kSectorSize) {
    result_ = slot.erase(sector);
  }
  if (result_ != FlashResult::ok) return;
  const size_t whole = (chunk_length_ + Flash::kProgramSize - 1) / Flash::kProgramSize * Flash::kProgramSize;
  result_ = slot.program(written_, {chunk_, whole});
}

const char* SchemaStore::commit(Done done) {
  if (is_busy_) return kBusy;
  if (length_ == 0 || written_ != length_) return "the pack is not complete";
  const size_t slot = other_slot();
  new_pack_ = SchemaPack();
  if (const char* error = read_pack(slots_[slot]->mapped(), new_pack_); error != nullptr) return error;
  if (new_pack_.length != length_) return "its length is not that of its header";
  uint8_t record[kRecord] = {static_cast<uint8_t>(slot)};
  for (size_t i = 0; i < 4; ++i) record[4 + i] = static_cast<uint8_t>(new_pack_.crc >> (8 * i));
  const StorageDone stored{[](void* self, StorageResult result) {
                             auto& store = *static_cast<SchemaStore*>(self);
                             if (result != StorageResult::ok) return store.finish("the record cannot be stored");
                             store.length_ = 0;
                             store.use(store.new_pack_, store.other_slot());
                             store.finish(nullptr);
                           },
                           this};
  if (!storage_.write(kFile, record, stored)) return kBusy;
  done_ = done;
  is_busy_ = true;
  return nullptr;
}

const char* SchemaStore::drop(Done done) {
  if (is_busy_) return kBusy;
  const StorageDone removed{[](void* self, StorageResult result) {
                              auto& store = *static_cast<SchemaStore*>(self);
                              if (result != StorageResult::ok) return store.finish("the record cannot be removed");
                              store.length_ = 0;
                              store.use(SchemaPack(), 0);
                              store.finish(nullptr);
                            },
                            this};
  if (!storage_.remove(kFile, removed)) return kBusy;
  done_ = done;
  is_busy_ = true;
  return nullptr;
}

void SchemaStore::finish(const char* error) {
  is_busy_ = false;
  const Done done = done_;
  done_ = Done();
  if (done.call != nullptr) done.call(done.context, error);
}

}  // namespace pb
