#include "features/auth_cache/id_tag_info.h"

namespace pb {
namespace {

constexpr Text kNames[] = {"Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"};
constexpr size_t kStatuses = sizeof kNames / sizeof *kNames;

}  // namespace

Text name_of(AuthorizationStatus status) { return kNames[static_cast<size_t>(status)]; }

bool IdTagInfo::read(JsonValue info) {
  size_t index = 0;
  while (index < kStatuses && !info.find("status").equals(kNames[index])) ++index;
  if (index == kStatuses) return false;
  *this = IdTagInfo();
  status = static_cast<AuthorizationStatus>(index);
  FixedText<40> expiry;
  if (info.find("expiryDate").get(expiry)) parse_timestamp(expiry.text(), expires);
  info.find("parentIdTag").get(parent);
  return true;
}

}  // namespace pb
