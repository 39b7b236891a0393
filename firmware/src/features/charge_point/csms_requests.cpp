#include "features/charge_point/csms_requests.h"

#include "features/charge_point/charging_profile.h"

namespace pb {
namespace {

constexpr Text kTag = "cp";

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
    {"RemoteStartTransaction", &CsmsRequests::remote_start_transaction},
    {"RemoteStopTransaction", &CsmsRequests::remote_stop_transaction},
    {"Reset", &CsmsRequests::reset},
    {"TriggerMessage", &CsmsRequests::trigger_message},
    {"UnlockConnector", &CsmsRequests::unlock_connector},
};

// OCPP-J 1.6 section 4.2.3: known, but not supported. They belong to FirmwareManagement, LocalAuthListManagement,
// Reservation and SmartCharging.
constexpr Text kOtherProfiles[] = {"CancelReservation", "ClearChargingProfile", "GetCompositeSchedule",
                                   "GetDiagnostics",    "GetLocalListVersion",  "ReserveNow",
                                   "SendLocalList",     "SetChargingProfile",   "UpdateFirmware"};

void CsmsRequests::answer(Text action, JsonValue payload, bool accepted, CallReply& reply, Millis now) {
  for (const Row& row : kRows) {
    if (row.action != action) continue;
    Payload fields(payload);
    Request request{fields, reply, accepted, now};
    (this->*row.answer)(request);
    if (fields.ok()) return;
    log_.warning(kTag, action, " of the CSMS is refused: ", fields.reason());
    reply.error(fields.error(), fields.reason());
    return;
  }
  for (const Text other : kOtherProfiles) {
    if (other == action) return reply.error(OcppError::not_supported, "a feature profile that is not supported");
  }
  reply.error(OcppError::not_implemented, "this charge point does not know the action");
}

Millis CsmsRequests::poll(Millis now) { return earlier(poll_stop(now), poll_unlock(now)); }

bool CsmsRequests::is_saved(const Ending& ending, Millis now) const {
  return transactions_.all_saved() || now >= ending.since + kSaveLimit;
}

void CsmsRequests::settle(Ending& ending, bool done) {
  late_.settle(*ending.slot, done);
  ending = Ending();
}

Millis CsmsRequests::poll_stop(Millis now) {
  if (stopping_.slot == nullptr) return kNever;
  if (!is_saved(stopping_, now)) return stopping_.since + kSaveLimit;
  settle(stopping_, true);
  return kNever;
}

Millis CsmsRequests::poll_unlock(Millis now) {
  if (unlocking_.slot == nullptr) return kNever;
  // It may be locked again, for the next driver, before the flash has done its part.
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
  request.payload.required("connectorId", connector);
  const bool operative = request.payload.required_name("type", kTypes) == 1;
  if (!request.payload.complete()) return;
  const Availability before = config_.wanted().availability;
  Availability after = before;
  if (connector == 0) {
    after = operative ? Availability::operative : Availability::inoperative;
  } else if (connector != kConnector || (operative && before == Availability::inoperative)) {
    log_.warning(kTag, "ChangeAvailability is rejected: ",
                 connector == kConnector ? "the whole charge point is inoperative" : "there is no such connector");
    return write_status(request.reply, "Rejected");
  } else if (before != Availability::inoperative) {
    after = operative ? Availability::operative : Availability::connector_inoperative;
  }
  const char* status = !operative && charging_.in_use() ? "Scheduled" : "Accepted";
  // What is being written is not durable yet: it is written again, behind that.
  if (after == before && after == config_.settings().availability) return write_status(request.reply, status);
  LateAnswers::Slot* slot = late_.put_off(request.reply, status, "Rejected");
  if (slot == nullptr) return write_status(request.reply, "Rejected");
  change(*slot, "availability", name_of(after));
}

/// OCPP 1.6 section 5.3. Accepted is said once the value is durable.
void CsmsRequests::change_configuration(Request& request) {
  FixedText<50> name;
  FixedText<500> value;
  request.payload.required("key", name);
  request.payload.required("value", value);
  if (!request.payload.complete()) return;
  OcppKey key;
  if (!Config::find_ocpp(name.text(), key)) return write_status(request.reply, "NotSupported");
  LateAnswers::Slot* slot =
      late_.put_off(request.reply, key.reboot_required ? "RebootRequired" : "Accepted", "Rejected");
  if (slot == nullptr) return write_status(request.reply, "Rejected");
  change(*slot, key.name, value.text());
}

void CsmsRequests::change(LateAnswers::Slot& slot, Text key, Text value) {
  const Config::Complaint complaint = config_.set(key, value, LateAnswers::when_stored(slot));
  if (complaint == nullptr) return;
  log_.warning(kTag, "the CSMS sets ", key, " to '", value, "', which is rejected: it ", complaint);
  late_.settle(slot, false);
}

/// OCPP 1.6 section 5.4.
void CsmsRequests::clear_cache(Request& request) {
  if (!request.payload.complete()) return;
  // A cache that is off has nothing to clear (section 3.5.1).
  LateAnswers::Slot* slot =
      config_.settings().authorization_cache_enabled ? late_.put_off(request.reply, "Accepted", "Rejected") : nullptr;
  if (slot == nullptr) return write_status(request.reply, "Rejected");
  if (!cache_.clear(LateAnswers::when_stored(*slot))) late_.settle(*slot, false);
}

/// OCPP 1.6 section 5.6.
void CsmsRequests::data_transfer(Request& request) {
  FixedText<255> vendor;
  FixedText<50> message;
  request.payload.required("vendorId", vendor);
  request.payload.optional("messageId", message);
  const JsonValue data = request.payload.optional_value("data", JsonKind::string);
  if (!request.payload.complete()) return;
  if (!equal_ignoring_case(vendor.text(), kVendorId)) return write_status(request.reply, "UnknownVendorId");
  if (!equal_ignoring_case(message.text(), kEchoMessageId)) return write_status(request.reply, "UnknownMessageId");
  JsonWriter& json = request.reply.result();
  json.begin_object().member("status", "Accepted");
  if (data.exists()) json.key("data").raw(data.raw());
  json.end_object();
}

/// OCPP 1.6 section 5.11. A profile is checked and otherwise ignored: we have no smart charging.
void CsmsRequests::remote_start_transaction(Request& request) {
  IdTag id_tag;
  int64_t connector = kConnector;
  request.payload.required("idTag", id_tag);
  request.payload.optional("connectorId", connector);
  const bool profile_fits = read_charging_profile(request.payload, "chargingProfile");
  if (!request.payload.complete()) return;
  // Before the CSMS has accepted us no transaction may be started for it (section 4.2).
  const bool started =
      request.accepted && connector == kConnector && profile_fits &&
      charging_.remote_start(id_tag.text(), request.now, config_.settings().authorize_remote_tx_requests);
  write_status(request.reply, started ? "Accepted" : "Rejected");
}

/// OCPP 1.6 section 5.12. Accepted is said once the end is durable: after a cut the transaction does not go on.
void CsmsRequests::remote_stop_transaction(Request& request) {
  int64_t transaction_id = 0;
  request.payload.required("transactionId", transaction_id);
  if (!request.payload.complete()) return;
  LateAnswers::Slot* slot =
      request.accepted && stopping_.slot == nullptr ? late_.put_off(request.reply, "Accepted", "Rejected") : nullptr;
  const bool stopped = request.accepted && charging_.remote_stop(transaction_id, request.now);
  // Where too many answers wait already, this one does not; stopped is stopped.
  if (slot == nullptr) return write_status(request.reply, stopped ? "Accepted" : "Rejected");
  if (!stopped) return late_.settle(*slot, false);
  stopping_ = {slot, request.now};
}

/// OCPP 1.6 section 5.14.
void CsmsRequests::reset(Request& request) {
  static constexpr Text kTypes[] = {"Hard", "Soft"};
  const bool hard = request.payload.required_name("type", kTypes) == 0;
  if (!request.payload.complete()) return;
  const bool begun = effects_.on_reset(hard ? ResetKind::hard : ResetKind::soft, request.now);
  write_status(request.reply, begun ? "Accepted" : "Rejected");
}

/// OCPP 1.6 section 5.17. The message is queued here, and so goes out behind our answer.
void CsmsRequests::trigger_message(Request& request) {
  // In the order of the enumeration Trigger; the other messages are of profiles that we do not have.
  static constexpr Text kMessages[] = {
      "BootNotification",          "Heartbeat", "MeterValues", "StatusNotification", "DiagnosticsStatusNotification",
      "FirmwareStatusNotification"};
  constexpr size_t kKnown = 4;
  int64_t connector = 0;
  const size_t message = request.payload.required_name("requestedMessage", kMessages);
  const bool has_connector = request.payload.optional("connectorId", connector);
  if (!request.payload.complete()) return;
  if (message >= kKnown) return write_status(request.reply, "NotImplemented");
  const bool will_be_sent =
      effects_.on_trigger(static_cast<Trigger>(message), has_connector ? &connector : nullptr, request.now);
  write_status(request.reply, will_be_sent ? "Accepted" : "Rejected");
}

/// OCPP 1.6 section 5.18.
void CsmsRequests::unlock_connector(Request& request) {
  int64_t connector = 0;
  request.payload.required("connectorId", connector);
  if (!request.payload.complete()) return;
  if (connector != kConnector) return write_status(request.reply, "NotSupported");
  LateAnswers::Slot* slot =
      unlocking_.slot == nullptr ? late_.put_off(request.reply, "Unlocked", "UnlockFailed") : nullptr;
  if (slot == nullptr) return write_status(request.reply, "UnlockFailed");
  charging_.unlock(request.now);
  unlocking_ = {slot, request.now};
}

namespace {

/// What GetConfiguration.conf is written from.
struct Reading {
  JsonWriter& json;
  JsonValue wanted;

  bool wants(Text name) const {
    if (wanted.size() == 0) return true;
    for (JsonItems items(wanted); items.next();) {
      FixedText<50> one;
      if (items.value().get(one) && equal_ignoring_case(one.text(), name)) return true;
    }
    return false;
  }
};

}  // namespace

/// OCPP 1.6 section 5.8.
void CsmsRequests::get_configuration(Request& request) {
  const JsonValue wanted = request.payload.optional_value("key", JsonKind::array);
  if (wanted.size() > Config::kMaxKeysOfRequest) request.payload.refuse_count("more keys than GetConfigurationMaxKeys");
  for (JsonItems items(wanted); items.next();) {
    FixedText<50> name;
    if (items.value().kind() != JsonKind::string) {
      request.payload.refuse_type("a key is no string");
    } else if (!items.value().get(name)) {
      request.payload.refuse("a key has more than 50 characters");
    }
  }
  if (!request.payload.complete()) return;
  Reading reading{request.reply.result(), wanted};
  JsonWriter& json = reading.json;
  json.begin_object().key("configurationKey").begin_array();
  config_.visit_ocpp(
      [](void* context, const OcppKey& key, Text value) {
        const Reading& wish = *static_cast<const Reading*>(context);
        if (!wish.wants(key.name)) return;
        wish.json.begin_object().member("key", key.name).member("readonly", key.read_only);
        wish.json.member("value", value).end_object();
      },
      &reading);
  json.end_array();
  bool any_unknown = false;
  for (JsonItems items(wanted); items.next();) {
    FixedText<50> name;
    OcppKey key;
    items.value().get(name);
    if (Config::find_ocpp(name.text(), key)) continue;
    if (!any_unknown) json.key("unknownKey").begin_array();
    any_unknown = true;
    json.string(name.text());
  }
  if (any_unknown) json.end_array();
  json.end_object();
}

}  // namespace pb
