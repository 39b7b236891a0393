// The answers of CsmsRequests to GetLocalListVersion and SendLocalList.
#include "features/charge_point/csms_requests.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";

void write_status(CallReply& reply, Text status) {
  reply.result().begin_object().member("status", status).end_object();
}

}  // namespace

/// OCPP 1.6 section 5.10: 0 means that the list is empty, -1 that there is none.
void CsmsRequests::get_local_list_version(Request& request) {
  const int64_t version = config_.settings().local_auth_list_enabled ? list_.version() : -1;
  request.reply.result().begin_object().member("listVersion", version).end_object();
}

/// OCPP 1.6 section 5.15. Accepted is sent when the new list is durable.
void CsmsRequests::send_local_list(Request& request) {
  static constexpr Text kUpdateTypes[] = {"Differential", "Full"};
  int64_t version = 0;
  request.payload.read("listVersion", version);
  const JsonValue entries = request.payload.value("localAuthorizationList");
  const bool is_full = request.payload.name("updateType", kUpdateTypes) == 1;
  for (JsonItems items(entries); items.next();) {
    request.payload.check_time(items.value().path("idTagInfo.expiryDate"));
  }
  if (!request.payload.ok()) return;
  if (!config_.settings().local_auth_list_enabled) return write_status(request.reply, "NotSupported");
  if (list_.is_updating()) return reject_busy(request);
  if (!is_full && !list_.is_incomplete() && version <= list_.version()) {
    log_.warning(kTag, "SendLocalList is rejected: the list has version ", list_.version(), ", the update ", version);
    return write_status(request.reply, "VersionMismatch");
  }
  const char* error = !is_full && list_.is_incomplete()          ? "the list is lost and has to be sent in full"
                      : version < 1 && entries.size() > 0        ? "its listVersion is below 1"
                      : entries.size() > ListUpdate::kMaxEntries ? "it has more entries than SendLocalListMaxLength"
                                                                 : read_local_list(entries, is_full);
  if (error != nullptr) {
    log_.warning(kTag, "SendLocalList has failed: ", error);
    return write_status(request.reply, "Failed");
  }
  DeferredReplies::Slot* slot = defer(request, "Accepted", "Failed");
  if (slot == nullptr) return;
  list_.start(is_full ? LocalList::Kind::full : LocalList::Kind::differential, version,
              DeferredReplies::when_stored(*slot));
}

const char* CsmsRequests::read_local_list(JsonValue entries, bool is_full) {
  list_.update().clear();
  for (JsonItems items(entries); items.next();) {
    IdTag id_tag;
    IdTagInfo info;
    items.value().find("idTag").get(id_tag);
    const JsonValue given = items.value().find("idTagInfo");
    if (is_full && !given.exists()) return "an entry of a full list has no idTagInfo";
    if (given.exists()) info.read(given, log_);
    IdTagRecord record = record_of(id_tag.text(), info);
    record.is_removal = !given.exists();
    switch (list_.update().add(record)) {
      case ListUpdate::Added::ok:
        break;
      case ListUpdate::Added::twice:
        return "an idTag occurs twice";
      case ListUpdate::Added::no_room:
        return "its texts need more memory than there is for one update";
    }
  }
  return nullptr;
}

}  // namespace pb
