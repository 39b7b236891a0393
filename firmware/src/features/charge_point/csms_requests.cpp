#include "features/charge_point/csms_requests.h"

#include "core/decimal.h"
#include "features/charge_point/charging_profile.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";

/// Compares case-insensitively.
bool equals_ignoring_case(JsonValue value, Text name) {
  FixedText<32> text;
  return value.get(text) && equal_ignoring_case(text.text(), name);
}

void write_status(CallReply& reply, Text status) {
  reply.result().begin_object().member("status", status).end_object();
}

}  // namespace

struct CsmsRequests::Row {
  Text action;
  void (CsmsRequests::*answer)(Request& request) = nullptr;
};

const CsmsRequests::Row CsmsRequests::kRows[] = {
    {"ChangeAvailability", &CsmsRequests::change_availability},
    {"ChangeConfiguration", &CsmsRequests::change_configuration},
    {"ClearCache", &CsmsRequests::clear_cache},
    {"DataTransfer", &CsmsRequests::data_transfer},
    {"GetConfiguration", &CsmsRequests::get_configuration},
    {"GetLocalListVersion", &CsmsRequests::get_local_list_version},
    {"RemoteStartTransaction", &CsmsRequests::remote_start_transaction},
    {"RemoteStopTransaction", &CsmsRequests::remote_stop_transaction},
    {"Reset", &CsmsRequests::reset},
    {"SendLocalList", &CsmsRequests::send_local_list},
    {"TriggerMessage", &CsmsRequests::trigger_message},
    {"UnlockConnector", &CsmsRequests::unlock_connector},
};

// The actions of OCPP 1.6 in the unsupported profiles FirmwareManagement, Reservation and SmartCharging (OCPP-J 1.6
// section 4.2.3).
constexpr Text kOtherProfiles[] = {"CancelReservation", "ClearChargingProfile", "GetCompositeSchedule",
                                   "GetDiagnostics",    "ReserveNow",           "SetChargingProfile",
                                   "UpdateFirmware"};

void CsmsRequests::answer(Text action, JsonValue payload, bool accepted, CallReply& reply, Millis now) {
  for (const Row& row : kRows) {
    if (row.action != action) continue;
    SchemaViolation violation;
    // Formats are not checked here: the actions validate the times, and accept every format of ISO 8601.
    if (!schemas_.check(action, MessageKind::request, payload.raw(), Formats::ignored, violation)) {
      log_.warning(kTag, action, " of the CSMS violates its schema: ", violation.text.text());
      return reply.error(violation.error, violation.text.text());
    }
    Payload fields(payload);
    Request request{fields, reply, row.action, accepted, now};
    (this->*row.answer)(request);
    if (fields.ok()) return;
    log_.warning(kTag, action, " of the CSMS is rejected: ", fields.reason());
    reply.error(fields.error(), fields.reason());
    return;
  }
  for (const Text other : kOtherProfiles) {
    if (other == action) return reply.error(OcppError::not_supported, "the feature profile is not supported");
  }
  reply.error(OcppError::not_implemented, "the action is unknown");
}

Millis CsmsRequests::poll(Millis now) { return earlier(poll_change(now), earlier(poll_stops(now), poll_unlock(now))); }

/// InternalError allows the CSMS to retry; other codes would mean an error in the request.
DeferredReplies::Slot* CsmsRequests::defer(Request& request, const char* when_done, const char* when_failed) {
  DeferredReplies::Slot* slot = deferred_.defer(request.reply, request.action, when_done, when_failed);
  if (slot == nullptr) reject_busy(request);
  return slot;
}

void CsmsRequests::reject_busy(Request& request) {
  request.reply.error(OcppError::internal_error, "too many requests are pending, try again later");
}

bool CsmsRequests::is_saved(const Ending& ending, Millis now) const {
  return transactions_.all_saved() || now >= ending.since + kSaveLimit;
}

void CsmsRequests::settle(Ending& ending, bool done) {
  deferred_.settle(*ending.slot, done);
  ending = Ending();
}

Millis CsmsRequests::poll_stops(Millis now) {
  Millis due = kNever;
  for (Ending& ending : stopping_) {
    if (ending.slot == nullptr) continue;
    if (is_saved(ending, now)) {
      settle(ending, true);
    } else {
      due = earlier(due, ending.since + kSaveLimit);
    }
  }
  return due;
}

/// Whether an earlier request has already stopped this transaction, and its answer is still deferred.
bool CsmsRequests::is_stopping(int64_t transaction_id) const {
  for (const Ending& ending : stopping_) {
    if (ending.slot != nullptr && transaction_id == stopped_id_) return true;
  }
  return false;
}

Millis CsmsRequests::poll_unlock(Millis now) {
  if (unlocking_.slot == nullptr) return kNever;
  // Remember that the lock was open: it may close again for the next driver before the flash job ends.
  unlocking_.was_open = unlocking_.was_open || !charging_.locked();
  if (!unlocking_.was_open && now < unlocking_.since + kUnlockLimit) return unlocking_.since + kUnlockLimit;
  if (unlocking_.was_open && !is_saved(unlocking_, now)) return unlocking_.since + kSaveLimit;
  if (!unlocking_.was_open) log_.error(kTag, "the lock did not open within ", kUnlockLimit, " ms");
  settle(unlocking_, unlocking_.was_open);
  return kNever;
}

/// OCPP 1.6 section 5.2.
void CsmsRequests::change_availability(Request& request) {
  static constexpr Text kTypes[] = {"Inoperative", "Operative"};
  int64_t connector = 0;
  request.payload.read("connectorId", connector);
  const bool operative = request.payload.name("type", kTypes) == 1;
  if (!request.payload.ok()) return;
  const Availability before = config_.wanted().availability;
  Availability after = before;
  if (connector == 0) {
    after = operative ? Availability::operative : Availability::inoperative;
  } else if (connector != kConnector || (operative && before == Availability::inoperative)) {
    log_.warning(kTag, "ChangeAvailability is rejected: ",
                 connector == kConnector ? "the whole charge point is inoperative" : "the connector does not exist");
    return write_status(request.reply, "Rejected");
  } else if (before != Availability::inoperative) {
    after = operative ? Availability::operative : Availability::connector_inoperative;
  }
  const char* status = !operative && charging_.in_use() ? "Scheduled" : "Accepted";
  // A value that is still being written is not durable, so it is written again, and the answer waits for that.
  if (after == before && after == config_.settings().availability) return write_status(request.reply, status);
  change(request, status, "availability", name_of(after));
}

/// OCPP 1.6 section 5.3. Accepted is sent when the value is durable.
void CsmsRequests::change_configuration(Request& request) {
  CharacterText<50> name;
  request.payload.read("key", name);
  const JsonValue value = request.payload.value("value");
  OcppKey key;
  FixedText<Config::kMaxText> text;
  if (equal_ignoring_case(name.text(), Security::kKeyName)) return change_authorization_key(request, value);
  if (!Config::find_ocpp(name.text(), key)) return write_status(request.reply, "NotSupported");
  const bool fits = value.get(text);
  if (fits && key.name == Security::kProfileName && rejects_profile(text.text())) {
    return write_status(request.reply, "Rejected");
  }
  if (fits) return change(request, key.reboot_required ? "RebootRequired" : "Accepted", key.name, text.text());
  log_.warning(kTag, "the CSMS sets ", key.name, " to a value that is rejected: it is too long");
  write_status(request.reply, "Rejected");
}

/// The whitepaper, section 2.3. The value is a secret, so no log line quotes it.
void CsmsRequests::change_authorization_key(Request& request, JsonValue value) {
  FixedText<2 * Security::kMaxKey> text;
  DeferredReplies::Slot* slot = defer(request, "Accepted", "Rejected");
  if (slot == nullptr) return;
  const char* error = value.get(text)
                          ? security_.set_authorization_key(text.text(), DeferredReplies::when_stored(*slot))
                          : "is too long";
  if (error == nullptr) return;
  log_.warning(kTag, "the CSMS sets AuthorizationKey, which is rejected: it ", error);
  reject_change(request, *slot, error == Security::kBusy);
}

/// The whitepaper, section 2.2.2: a CSMS may raise the security profile and never lower it.
bool CsmsRequests::rejects_profile(Text value) {
  uint64_t profile = 0;
  if (!parse_decimal_unsigned(value, profile) || profile > Security::tls_with_client_certificate) return false;
  const char* error = profile < config_.wanted().security_profile
                          ? "is lower than the present one, which only the owner can change, at the console"
                          : security_.error_for(static_cast<uint32_t>(profile));
  if (error == nullptr) return false;
  log_.warning(kTag, "the CSMS sets SecurityProfile to ", profile, ", which is rejected: it ", error);
  return true;
}

void CsmsRequests::change(Request& request, const char* when_done, Text key, Text value) {
  DeferredReplies::Slot* slot = defer(request, when_done, "Rejected");
  if (slot == nullptr || try_change(*slot, key, value, true)) return;
  if (waiting_.slot != nullptr) return reject_change(request, *slot, true);
  waiting_.slot = slot;
  waiting_.key = key;
  waiting_.value.assign(value);
  waiting_.since = request.now;
}

Millis CsmsRequests::poll_change(Millis now) {
  if (waiting_.slot == nullptr) return kNever;
  const bool may_wait = now < waiting_.since + kSaveLimit;
  if (!try_change(*waiting_.slot, waiting_.key, waiting_.value.text(), may_wait)) return now + kChangePause;
  waiting_.slot = nullptr;
  return kNever;
}

bool CsmsRequests::try_change(DeferredReplies::Slot& slot, Text key, Text value, bool may_wait) {
  const Config::Error error = config_.set(key, value, DeferredReplies::when_stored(slot));
  if (error == Config::kBusy && may_wait) return false;
  if (error == nullptr) return true;
  log_.warning(kTag, "the CSMS sets ", key, " to '", value, "', which is rejected: it ", error);
  deferred_.settle(slot, false);
  return true;
}

void CsmsRequests::reject_change(Request& request, DeferredReplies::Slot& slot, bool is_busy) {
  if (!is_busy) return deferred_.settle(slot, false);
  deferred_.drop(slot);
  reject_busy(request);
}

/// OCPP 1.6 section 5.4.
void CsmsRequests::clear_cache(Request& request) {
  // A disabled cache cannot be cleared (section 3.5.1).
  if (!config_.settings().authorization_cache_enabled) return write_status(request.reply, "Rejected");
  DeferredReplies::Slot* slot = defer(request, "Accepted", "Rejected");
  if (slot == nullptr || cache_.clear(DeferredReplies::when_stored(*slot))) return;
  deferred_.drop(*slot);
  reject_busy(request);
}

/// OCPP 1.6 section 5.6.
void CsmsRequests::data_transfer(Request& request) {
  const JsonValue vendor = request.payload.value("vendorId");
  const JsonValue message = request.payload.value("messageId");
  const JsonValue data = request.payload.value("data");
  if (!equals_ignoring_case(vendor, kVendorId)) return write_status(request.reply, "UnknownVendorId");
  if (!equals_ignoring_case(message, kEchoMessageId)) return write_status(request.reply, "UnknownMessageId");
  JsonWriter& json = request.reply.result();
  json.begin_object().member("status", "Accepted");
  if (data.exists()) json.key("data").raw(data.raw());
  json.end_object();
}

/// OCPP 1.6 section 5.11. The profile is validated and then ignored, because there is no smart charging.
void CsmsRequests::remote_start_transaction(Request& request) {
  IdTag id_tag;
  int64_t connector = kConnector;
  request.payload.read("idTag", id_tag);
  request.payload.read("connectorId", connector);
  const bool profile_fits = read_charging_profile(request.payload, "chargingProfile");
  if (!request.payload.ok()) return;
  // The CSMS must not start a transaction before it has accepted the charge point (section 4.2).
  const bool started =
      request.accepted && connector == kConnector && profile_fits &&
      charging_.remote_start(id_tag.text(), request.now, config_.settings().authorize_remote_tx_requests);
  write_status(request.reply, started ? "Accepted" : "Rejected");
}

/// OCPP 1.6 section 5.12. Accepted is sent when the end is durable, so that the transaction does not resume after a
/// power cut.
void CsmsRequests::remote_stop_transaction(Request& request) {
  int64_t transaction_id = 0;
  request.payload.read("transactionId", transaction_id);
  if (!request.payload.ok()) return;
  const bool stopped =
      request.accepted && (is_stopping(transaction_id) || charging_.remote_stop(transaction_id, request.now));
  if (!stopped) return write_status(request.reply, "Rejected");
  stopped_id_ = transaction_id;
  for (Ending& ending : stopping_) {
    if (ending.slot != nullptr) continue;
    ending = {deferred_.defer_urgent(request.reply, request.action, "Accepted", "Rejected"), request.now};
    if (ending.slot != nullptr) return;
    break;
  }
  reject_busy(request);
}

/// OCPP 1.6 section 5.14.
void CsmsRequests::reset(Request& request) {
  static constexpr Text kTypes[] = {"Hard", "Soft"};
  const bool hard = request.payload.name("type", kTypes) == 0;
  const bool is_started = effects_.on_reset(hard ? ResetKind::hard : ResetKind::soft, request.now);
  write_status(request.reply, is_started ? "Accepted" : "Rejected");
}

/// OCPP 1.6 section 5.17. The triggered message is queued here and sent after the answer.
void CsmsRequests::trigger_message(Request& request) {
  // The names are in the order of the enumeration Trigger; the last two belong to an unsupported profile.
  static constexpr Text kMessages[] = {
      "BootNotification",          "Heartbeat", "MeterValues", "StatusNotification", "DiagnosticsStatusNotification",
      "FirmwareStatusNotification"};
  constexpr size_t kKnown = 4;
  int64_t connector = 0;
  const size_t message = request.payload.name("requestedMessage", kMessages);
  const bool has_connector = request.payload.read("connectorId", connector);
  if (!request.payload.ok()) return;
  if (message >= kKnown) return write_status(request.reply, "NotImplemented");
  const bool will_be_sent =
      effects_.on_trigger(static_cast<Trigger>(message), has_connector ? &connector : nullptr, request.now);
  write_status(request.reply, will_be_sent ? "Accepted" : "Rejected");
}

/// OCPP 1.6 section 5.18.
void CsmsRequests::unlock_connector(Request& request) {
  int64_t connector = 0;
  request.payload.read("connectorId", connector);
  if (!request.payload.ok()) return;
  // A fixed cable cannot be unlocked, so the transaction continues.
  if (connector != kConnector || config_.settings().fixed_cable) return write_status(request.reply, "NotSupported");
  if (unlocking_.slot != nullptr) return reject_busy(request);
  DeferredReplies::Slot* slot = defer(request, "Unlocked", "UnlockFailed");
  if (slot == nullptr) return;
  charging_.unlock(request.now);
  unlocking_ = {slot, request.now};
}

}  // namespace pb
