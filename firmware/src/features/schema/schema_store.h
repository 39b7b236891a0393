#pragma once

#include "features/logging/logger.h"
#include "features/schema/pack.h"
#include "features/storage/storage.h"
#include "port/mapped_flash.h"
#include "port/worker.h"

namespace pb {

/// Keeps packs of schemas in two slots of the flash. A new pack is written to the slot that is not in use and verified;
/// then a record in the storage selects it. A power cut before the record is written leaves the old pack in use.
class SchemaStore {
 public:
  static constexpr size_t kSlots = 2;
  /// The file that selects a slot.
  static constexpr Text kFile = "schemas";
  /// The largest size of one write(), in bytes. Every write except the last has this size.
  static constexpr size_t kChunk = 128;
  static_assert(kChunk % Flash::kProgramSize == 0, "a chunk is a program operation");

  /// Receives the tables of the pack in use after each change; empty tables: none is in use.
  struct Listener {
    void (*call)(void* context, const SchemaPack& pack) = nullptr;
    void* context = nullptr;
  };
  /// A callback on the loop. @param error nullptr for success
  struct Done {
    void (*call)(void* context, const char* error) = nullptr;
    void* context = nullptr;
  };

  SchemaStore(MappedFlash& first, MappedFlash& second, Storage& storage, Worker& worker, Logger& log)
      : slots_{&first, &second}, storage_(storage), worker_(worker), log_(log) {}

  void set_listener(Listener listener) { listener_ = listener; }
  /// Finds the pack in use. Call it at the start, before the first job of the storage.
  void load();

  /// The pack in use; its tables are empty when there is none.
  const SchemaPack& pack() const { return pack_; }
  size_t slot() const { return slot_; }
  bool has_pack() const { return !pack_.tables.empty(); }

  /// Begins a new pack of `length` bytes, and drops a pack that was begun before. @return nullptr, or an error.
  const char* begin(size_t length);
  /// Appends bytes to the new pack. @return an error; or nullptr, and then `done` is called once.
  const char* write(Bytes bytes, Done done);
  /// Verifies the new pack and puts it into use. @return an error; or nullptr, and then `done` is called once.
  const char* commit(Done done);
  /// Takes the pack out of use: the built-in schemas remain. @return an error; or nullptr, and then `done` is called
  /// once.
  const char* drop(Done done);

  /// Whether an operation is not done yet.
  bool busy() const { return is_busy_; }

 private:
  static constexpr const char* kBusy = "another operation is running, try again";
  static constexpr size_t kRecord = 8;

  size_t other_slot() const { return has_pack() ? 1 - slot_ : 0; }
  void run_write();
  void finish(const char* error);
  void use(const SchemaPack& pack, size_t slot);

  MappedFlash* slots_[kSlots];
  Storage& storage_;
  Worker& worker_;
  Logger& log_;
  Listener listener_;
  SchemaPack pack_;
  size_t slot_ = 0;

  size_t length_ = 0;   // the length of the new pack; 0 if no pack is being written
  size_t written_ = 0;  // bytes of the new pack in the slot
  SchemaPack new_pack_;
  bool is_busy_ = false;
  FlashResult result_ = FlashResult::ok;  // the result of the job
  size_t chunk_length_ = 0;
  Done done_;
  uint8_t chunk_[kChunk] = {};
};

}  // namespace pb
