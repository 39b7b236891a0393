#pragma once

#include "features/config/settings.h"
#include "features/logging/logger.h"
#include "features/storage/storage.h"
#include "features/time_sync/time_sync.h"
#include "features/transactions/transactions.h"
#include "runtime/feature.h"

namespace pb {

/// The authorization cache (OCPP 1.6 section 3.5.1): what the CSMS last said of each idTag, kept over restarts in one
/// file. Full, it forgets an idTag that is not valid, or else the one that the CSMS has not spoken of for longest:
/// since the restart, and before that as far as the file tells, which is written for news only. While
/// AuthorizationCacheEnabled is false it neither answers nor learns.
class AuthCache final : public Feature, public IdTagInfoListener {
 public:
  static constexpr Text kFile = "auth_cache";
  static constexpr size_t kMaxEntries = 16;
  /// After a write that failed.
  static constexpr Millis kSaveAgain = 5'000;

  AuthCache(Storage& storage, const TimeSync& time, const Settings& settings, Logger& log)
      : storage_(storage), time_(time), settings_(settings), log_(log) {}

  /// Reads the file; once, before the loop runs. Where it is damaged, or left by a newer firmware, the cache is
  /// incomplete until clear().
  void load();

  /// What is known of an idTag. An Accepted that has expired, or may have as far as the clock can tell, is told as
  /// Expired. @return false when nothing is known.
  bool find(Text id_tag, IdTagInfo& info) const;
  /// Learns what the CSMS says, from any of its answers.
  void on_id_tag_info(Text id_tag, const IdTagInfo& info) override;

  /// Forgets everything; `done` is called on the loop once that is durable. @return false when it cannot begin now.
  bool clear(StorageDone done);
  size_t size() const { return count_; }
  /// Whether entries were lost with a damaged file: an idTag that is unknown now may be one that was blocked.
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
  void forget_one();
  void take_out(size_t index);
  /// Writes all entries; forgets some where they do not fit. @return the content of the file.
  Text encode(Span<char> into);

  Storage& storage_;
  const TimeSync& time_;
  const Settings& settings_;
  Logger& log_;

  Entry entries_[kMaxEntries];  // the one not spoken of for longest first
  size_t count_ = 0;
  bool is_incomplete_ = false;
  bool dirty_ = false;
  bool saving_ = false;
  bool failed_ = false;
  Millis save_again_ = 0;
};

}  // namespace pb
