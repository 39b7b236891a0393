#pragma once

#include "port/flash.h"
#include "port/secrets.h"

namespace pb::posix {

/// The secrets in the partition `secrets`, where the chip has NVS. FORMAT.md describes the layout: each blob has two
/// slots of one sector. A new value is written into the slot that does not hold the present value.
class FlashSecrets final : public Secrets {
 public:
  static constexpr size_t kSlots = 2 * kMaxBlobs;

  explicit FlashSecrets(Flash& region) : region_(region) {}

  SecretsResult read(Text key, MutableBytes into, size_t& length) override;
  bool has(Text key) override;
  SecretsResult write(Text key, Bytes value) override;
  SecretsResult remove(Text key) override;

 private:
  struct Record;
  struct Found {
    size_t pair = kMaxBlobs;  ///< kMaxBlobs: none
    size_t slot = 1;          ///< 0 or 1: which of the pair holds the latest record
    uint32_t generation = 0;  ///< 0: the pair has no record
    size_t length = 0;
    bool removed = false;
  };

  /// Reads the record of a slot. @return whether there is a sound one.
  bool read_record(size_t slot, Record& record);
  /// The latest record of a pair.
  Found latest(size_t pair, Record& record);
  Found find(Text key);
  /// A pair without a value.
  Found find_free();
  SecretsResult put(Text key, Bytes value, bool removed);

  Flash& region_;
};

}  // namespace pb::posix
