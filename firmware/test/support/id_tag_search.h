#pragma once

#include <string>

#include "features/local_list/local_list.h"
#include "support/check.h"

namespace pb {

/// The result of a search for an idTag.
struct FoundIdTag {
  bool is_there = false;
  IdTagFound found = IdTagFound::unreadable;
  IdTagInfo info;

  /// The status as text, or why there is none.
  std::string status() const {
    return found == IdTagFound::yes ? str(name_of(info.status)) : found == IdTagFound::no ? "unknown" : "unreadable";
  }
};

/// Searches an idTag, and checks that the search ends. @tparam Search what `source.find()` takes
/// @param run runs the pending jobs of the storage
template <class Search, class Source, class Run>
FoundIdTag find_id_tag(Source& source, const std::string& id_tag, Run run) {
  FoundIdTag result;
  Search search;
  search.id_tag.assign({id_tag.data(), id_tag.size()});
  search.context = &result;
  search.done = [](void* context, IdTagFound found, const IdTagInfo& info) {
    *static_cast<FoundIdTag*>(context) = {true, found, info};
  };
  TEST_ASSERT_TRUE(source.find(search));
  run();
  TEST_ASSERT_TRUE(result.is_there);
  return result;
}

}  // namespace pb
