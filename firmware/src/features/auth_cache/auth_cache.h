#pragma once

#include "features/auth_cache/cache_file.h"
#include "features/auth_cache/pending_entries.h"
#include "features/local_list/local_list.h"
#include "features/transactions/transactions.h"

namespace pb {

class AuthCache;

/// One search in the authorization cache. Its owner keeps it until `done` has been called.
struct CacheSearch {
  IdTag id_tag;
  /// Receives the result on the loop, perhaps inside AuthCache::find. @param info valid if found, during this call
  void (*done)(void* context, IdTagFound found, const IdTagInfo& info) = nullptr;
  void* context = nullptr;

  AuthCache* cache = nullptr;  ///< `cache` and `slot` are for AuthCache only
  size_t slot = 0;
};

/// The authorization cache (OCPP 1.6 section 3.5.1): the last IdTagInfo of each idTag, on flash. Memory holds an index:
/// for each entry a few bits of its hash, its status and its age. A search reads the file of each entry that may match,
/// almost always one file. A change writes one file.
///
/// When the cache is full, it removes the oldest entry that is Expired or Invalid. If there is none, it removes the
/// oldest of all entries. While AuthorizationCacheEnabled is false the cache finds and adds nothing.
class AuthCache final : public Feature, public IdTagInfoListener {
 public:
  /// The epoch of the valid files; replacing it clears the cache.
  static constexpr Text kFile = "auth_cache";
  static constexpr Text kEntriesPrefix = "cache-";
  static constexpr size_t kMaxEntries = 200;
  /// Pause after a failed job, and after the storage had no room for one, in ms.
  static constexpr Millis kRetryPause = 5'000;
  static constexpr Millis kBusyPause = 50;

  AuthCache(Storage& storage, LocalList& list, const TimeSync& time, const Settings& settings, Logger& log);

  /// Reads the files; called once, before the loop runs. If one is damaged, or from a newer firmware, the cache is
  /// incomplete until clear(). A write that finds such a file later has the same effect.
  void load();

  /// Searches for an idTag and calls `done` once, immediately if the index does not have it. An Accepted entry that has
  /// expired, or may have expired, is reported as Expired.
  /// @return false, without a call of `done`, when the storage cannot start the search now.
  bool find(CacheSearch& search);
  /// Stores an IdTagInfo from any answer of the CSMS, unless the Local Authorization List has the idTag.
  void on_id_tag_info(Text id_tag, const IdTagInfo& info) override;

  /// Removes all entries; `done` is called on the loop when that is durable. @return false when it cannot start now.
  bool clear(StorageDone done);
  size_t size() const;
  /// Whether entries were lost with a damaged file, or are not yet taken from the file of an earlier version: an
  /// unknown idTag may be a blocked one.
  bool is_incomplete() const { return (is_incomplete_ || is_old_format_) && settings_.authorization_cache_enabled; }

  const char* name() const override { return "auth_cache"; }
  Millis poll(Millis now) override;

 private:
  static constexpr size_t kFiles = kMaxEntries / CacheFile::kSlots;

  /// An entry in memory.
  struct Slot {
    uint32_t used = 0;       ///< 0: the slot is free
    uint32_t expires_s = 0;  ///< seconds since 1970; 0: never
    uint16_t hash = 0;
    AuthorizationStatus status = AuthorizationStatus::invalid;
  };
  enum class Step : uint8_t { idle, look_in_list, compare, make_room };

  // At the start.
  bool load_head();
  void load_files();
  void load_file(size_t file, Bytes content);
  void lose();

  // Searches.
  size_t next_slot(Text id_tag, size_t from) const;
  bool fetch(CacheSearch& search);
  void take_file(CacheSearch& search, StorageResult result, Bytes content);
  bool read_slot(Bytes content, size_t slot, IdTagRecord& record) const;
  void finish(const CacheSearch& search, IdTagFound found, const IdTagInfo& info) const;

  // Writing.
  bool start_job();
  bool write_head(StorageDone done);
  bool remove_stale();
  template <void (AuthCache::*take)(StorageResult, Bytes, MutableBytes)>
  bool read_for(Text file);
  bool take_old_entries();
  void take_old_file(StorageResult result, Bytes content, MutableBytes buffer);
  bool continue_entry();
  bool compare();
  bool make_room();
  void take_compared(StorageResult result, Bytes content, MutableBytes buffer);
  void take_victim(StorageResult result, Bytes content, MutableBytes buffer);
  bool put(CacheFile file);
  void written(StorageResult result);
  void end_entry();
  size_t victim() const;
  bool has_expired(const Slot& slot) const;
  void cannot_read(StorageResult result);
  void failed(StorageResult result);
  bool is_used(size_t file) const;

  Storage& storage_;
  LocalList& list_;
  const TimeSync& time_;
  const Settings& settings_;
  Logger& log_;

  Slot slots_[kMaxEntries];
  uint32_t epoch_ = 0;
  uint32_t next_used_ = 1;
  uint32_t stale_ = 0;  ///< a bit for each file that has an earlier epoch or cannot be read
  size_t removed_ = 0;  ///< the stale file that is being removed
  bool is_incomplete_ = false;
  bool is_head_changed_ = false;
  bool is_old_format_ = false;  ///< `auth_cache` has entries in the format of an earlier version
  size_t old_taken_ = 0;        ///< the number of taken entries of the earlier version
  size_t old_pending_ = 0;      ///< how many leading pending entries came from `auth_cache`

  PendingEntries pending_;
  Step step_ = Step::idle;  ///< the step of the oldest pending entry
  size_t slot_ = 0;         ///< the slot that is compared or written
  Slot written_;            ///< the new index entry of slot_
  ListSearch list_search_;

  bool is_clearing_ = false;
  StorageDone cleared_;
  bool is_job_running_ = false;
  bool is_void_ = false;  ///< the cache was cleared during the job: its result does not count
  bool has_failed_ = false;
  Millis retry_at_ = 0;
};

}  // namespace pb
