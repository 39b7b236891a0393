#include "features/transactions/id_tag_info.h"

#include "features/ocpp_message/answer_field.h"

namespace pb {
namespace {

constexpr Text kTag = "auth";
constexpr Text kNames[] = {"Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"};
constexpr size_t kStatuses = sizeof kNames / sizeof *kNames;

}  // namespace

Text name_of(AuthorizationStatus status) { return kNames[static_cast<size_t>(status)]; }

void IdTagInfo::read(JsonValue info, Logger& log) {
  *this = IdTagInfo();
  size_t index = 0;
  while (index < kStatuses && !info.find("status").equals(kNames[index])) ++index;
  if (index < kStatuses) {
    status = static_cast<AuthorizationStatus>(index);
  } else {
    log.warning(kTag, "idTagInfo has no status of OCPP 1.6: the idTag counts as Invalid");
  }
  const JsonValue expiry = info.find("expiryDate");
  if (is_given(expiry) && !read_timestamp(expiry, expires)) {
    log.warning(kTag, "idTagInfo has an expiryDate that is no ISO 8601 date-time: the idTag counts as expired");
    expires = kExpired;
  } else if (is_given(expiry) && expires < kExpired) {
    expires = kExpired;  // 0 means never
  }
  const JsonValue group = info.find("parentIdTag");
  if (is_given(group) && !group.get(parent)) {
    log.warning(kTag, "idTagInfo has a parentIdTag that is no string of at most 20 characters: it counts as none");
  }
}

}  // namespace pb
