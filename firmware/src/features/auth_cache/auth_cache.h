#pragma once

#include "features/config/settings.h"
#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/time_sync/time_sync.h"
#include "features/transactions/transactions.h"
#include "runtime/feature.h"

namespace pb {

/// The authorization cache (OCPP 1.6 section 3.5.1): the last IdTagInfo of each idTag, in one file that survives
/// restarts. When it is full, it removes an idTag that is not valid, or otherwise the least recently reported one. The
/// order of reports is only saved together with changed entries. While AuthorizationCacheEnabled is false the cache
/// finds and adds nothing.
class AuthCache final : public Feature, public IdTagInfoListener {
 public:
  static constexpr Text kFile = "auth_cache";
  static constexpr size_t kMaxEntries = 16;
  /// Pause after a failed write, in ms.
  static constexpr Millis kRetryPause = 5'000;

  AuthCache(Storage& storage, const TimeSync& time, const Settings& settings, Logger& log)
      : storage_(storage), time_(time), settings_(settings), log_(log) {}

  /// Reads the file; called once, before the loop runs. If the file is damaged, or from a newer firmware, the cache is
  /// incomplete until clear().
  void load();

  /// Finds the IdTagInfo of an idTag. An Accepted that has expired, or may have by the clock, becomes Expired.
  /// @return false when the idTag is unknown.
  bool find(Text id_tag, IdTagInfo& info) const;
  /// Stores an IdTagInfo from any answer of the CSMS.
  void on_id_tag_info(Text id_tag, const IdTagInfo& info) override;

  /// Removes all entries; `done` is called on the loop when that is durable. @return false when it cannot start now.
  bool clear(StorageDone done);
  size_t size() const { return count_; }
  /// Whether a damaged file has lost entries: an unknown idTag may be a blocked one.
  bool is_incomplete() const { return is_incomplete_ && settings_.authorization_cache_enabled; }

  const char* name() const override { return "auth_cache"; }
  Millis poll(Millis now) override;

 private:
  struct Entry {
    IdTag id_tag;
    IdTagInfo info;
  };

  size_t index_of(Text id_tag) const;
  bool has_expired(const IdTagInfo& info) const;
  void evict_one();
  void remove(size_t index);
  /// Writes all entries; removes some if they do not fit. @return the content of the file.
  Text encode(Span<char> into);

  Storage& storage_;
  const TimeSync& time_;
  const Settings& settings_;
  Logger& log_;

  Entry entries_[kMaxEntries];  // least recently reported first
  size_t count_ = 0;
  bool is_incomplete_ = false;
  bool dirty_ = false;
  bool saving_ = false;
  bool failed_ = false;
  Millis save_retry_at_ = 0;
};

}  // namespace pb
