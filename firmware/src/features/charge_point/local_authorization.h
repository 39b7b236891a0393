#pragma once

#include "features/auth_cache/auth_cache.h"
#include "features/local_list/local_list.h"

namespace pb {

/// The information about an idTag that is stored in the device.
struct LocalIdTag {
  enum class Source : uint8_t { none, local_list, auth_cache };

  IdTag id_tag;
  Source source = Source::none;
  IdTagInfo info;             ///< the info at this moment, if there is a source
  bool is_uncertain = false;  ///< list or cache has lost entries: an idTag without a source may be a blocked one

  bool is_known() const { return source != Source::none; }
  bool is_accepted() const { return is_known() && info.accepted(); }
};

/// Searches for an idTag in the Local Authorization List and, if it is not there, in the authorization cache (OCPP 1.6
/// section 3.5.3). A search reads flash, so its result may come in a later round of the loop.
class LocalAuthorization {
 public:
  LocalAuthorization(LocalList& list, AuthCache& cache);

  /// Starts to search for an idTag; an earlier search gives no result any more.
  void look_up(Text id_tag);
  /// Discards the search and its result.
  void cancel() { is_wanted_ = false; }
  /// Returns the result of the search once; call it in each round. @return false while there is none.
  bool take(LocalIdTag& known);
  /// Whether take() has to be called again soon, because the storage could not start the search.
  bool has_to_retry() const { return is_wanted_ && !is_ready_ && !is_searching_; }

 private:
  void search();
  /// Whether the ended search was about the wanted idTag. Otherwise starts to search the wanted idTag.
  bool has_ended(const IdTag& id_tag);
  void take_list(IdTagFound found, const IdTagInfo& info);
  void take_cache(IdTagFound found, const IdTagInfo& info);

  LocalList& list_;
  AuthCache& cache_;
  LocalIdTag known_;
  ListSearch list_search_;
  CacheSearch cache_search_;
  bool is_in_list_done_ = false;  // the list does not have the idTag: the cache is next
  bool is_wanted_ = false;
  bool is_searching_ = false;  // true also for an idTag that is not wanted any more
  bool is_ready_ = false;
};

}  // namespace pb
