#include "features/charge_point/local_authorization.h"

namespace pb {

LocalAuthorization::LocalAuthorization(LocalList& list, AuthCache& cache) : list_(list), cache_(cache) {
  list_search_.context = this;
  list_search_.done = [](void* self, IdTagFound found, const IdTagInfo& info) {
    static_cast<LocalAuthorization*>(self)->take_list(found, info);
  };
  cache_search_.context = this;
  cache_search_.done = [](void* self, IdTagFound found, const IdTagInfo& info) {
    static_cast<LocalAuthorization*>(self)->take_cache(found, info);
  };
}

void LocalAuthorization::look_up(Text id_tag) {
  known_ = LocalIdTag();
  known_.id_tag.assign(id_tag);
  is_wanted_ = true;
  is_ready_ = is_in_list_done_ = false;
  if (!is_searching_) search();
}

bool LocalAuthorization::take(LocalIdTag& known) {
  if (has_to_retry()) search();
  if (!is_wanted_ || !is_ready_) return false;
  is_wanted_ = false;
  known = known_;
  return true;
}

void LocalAuthorization::search() {
  // The result may come at once.
  is_searching_ = true;
  bool is_started = false;
  if (is_in_list_done_) {
    cache_search_.id_tag = known_.id_tag;
    is_started = cache_.find(cache_search_);
  } else {
    list_search_.id_tag = known_.id_tag;
    is_started = list_.find(list_search_);
  }
  if (!is_started) is_searching_ = false;
}

bool LocalAuthorization::has_ended(const IdTag& id_tag) {
  is_searching_ = false;
  if (!is_wanted_) return false;
  if (id_tag.text() == known_.id_tag.text()) return true;
  search();
  return false;
}

void LocalAuthorization::take_list(IdTagFound found, const IdTagInfo& info) {
  if (!has_ended(list_search_.id_tag)) return;
  if (found == IdTagFound::no) {
    is_in_list_done_ = true;
    return search();
  }
  is_ready_ = true;
  known_.info = info;
  known_.is_uncertain = found == IdTagFound::unreadable;
  if (found == IdTagFound::yes) known_.source = LocalIdTag::Source::local_list;
}

void LocalAuthorization::take_cache(IdTagFound found, const IdTagInfo& info) {
  if (!has_ended(cache_search_.id_tag)) return;
  is_ready_ = true;
  known_.info = info;
  known_.is_uncertain = found == IdTagFound::unreadable || list_.is_incomplete() || cache_.is_incomplete();
  if (found == IdTagFound::yes) known_.source = LocalIdTag::Source::auth_cache;
}

}  // namespace pb
