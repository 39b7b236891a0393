#pragma once

#include "features/time_sync/time_sync.h"
#include "features/transactions/id_tag_info.h"

namespace pb {

/// An idTag with its IdTagInfo, as stored in the pages of the local list and of the authorization cache
/// (firmware/FORMAT.md). The texts refer to memory of another owner.
struct IdTagRecord {
  /// The longest record: idTag and parentIdTag of 20 characters, of four bytes each.
  static constexpr size_t kMaxEncoded = 2 + 80 + 8 + 1 + 80;
  /// The longest record with ASCII characters only, with an expiryDate.
  static constexpr size_t kMaxAscii = 2 + 20 + 8 + 1 + 20;

  Text id_tag;
  AuthorizationStatus status = AuthorizationStatus::invalid;
  UnixMillis expires = 0;   ///< 0: never
  Text parent;              ///< empty: none
  bool is_removal = false;  ///< in an update: the idTag leaves the list

  IdTagInfo info() const;
  /// @return the length in bytes, 0 when it does not fit.
  size_t encode(MutableBytes into) const;
  /// Reads the record at the start of `bytes`. @return its length in bytes, 0 when it is damaged.
  size_t decode(Bytes bytes);
};

/// A record of an idTag.
IdTagRecord record_of(Text id_tag, const IdTagInfo& info);

/// A hash of an idTag, the same for upper and lower case.
uint32_t hash_of_id_tag(Text id_tag);

/// The order of the records in a page: by hash, and for equal hashes by the text without case.
/// @return negative, 0 or positive, like strcmp
int compare_id_tags(Text a, Text b);

/// Returns the info at this moment: the status Accepted becomes Expired if the expiryDate has passed, or may have
/// passed because the time is unknown.
IdTagInfo at_present(const IdTagInfo& info, const TimeSync& time);

}  // namespace pb
