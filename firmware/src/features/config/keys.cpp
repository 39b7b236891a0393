#include "features/config/keys.h"

#include "core/decimal.h"
#include "core/hexadecimal.h"
#include "features/storage/storage.h"
#include "features/websocket/csms_url.h"
#include "features/websocket/protocol.h"

namespace pb {
namespace {

using Error = Config::Error;

using TextRule = Error (*)(Text value);

Error any_text(Text) { return nullptr; }

/// Empty: the default.
Error url_rule(Text value) { return value.empty() ? nullptr : CsmsUrl::check(value); }
Error identity_rule(Text value) { return value.empty() ? nullptr : CsmsUrl::check_identity(value); }

/// Empty: no time server.
Error ntp_server_rule(Text value) { return value.empty() ? nullptr : CsmsUrl::check_host(value); }

/// ESP-IDF stores the name without its length.
Error ssid_rule(Text value) { return find(value, '\0') < value.length ? "must not have a NUL character" : nullptr; }

bool is_passphrase(Text value) {
  constexpr size_t kLeast = 8;
  constexpr size_t kMost = 63;
  return value.length >= kLeast && value.length <= kMost;
}

Error psk_rule(Text value) {
  constexpr size_t kKeyDigits = 64;
  if (value.empty() || is_passphrase(value) || (value.length == kKeyDigits && is_hexadecimal(value))) return nullptr;
  return "must have 8 to 63 characters of ASCII, or 64 hexadecimal digits, or none for an open network";
}

Error setup_psk_rule(Text value) {
  if (value.empty() || is_passphrase(value)) return nullptr;
  return "must have 8 to 63 characters of ASCII, or none to have no setup access point";
}

/// ConnectorPhaseRotation of OCPP 1.6 section 9.1: `connector.rotation`, separated by commas.
Error phase_rotation_rule(Text value) {
  constexpr Text kRotations[] = {"NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR"};
  bool named[2] = {};
  while (!value.empty()) {
    const Text item = take_list_item(value);
    const int connector = item.length > 2 && item.data[1] == '.' ? item.data[0] - '0' : -1;
    if (connector != 0 && connector != 1) return "must name connectors 0 and 1 only, as in 0.RST,1.RST";
    if (named[connector]) return "names a connector twice";
    named[connector] = true;
    bool known = false;
    for (const Text rotation : kRotations) known = known || Text(item.data + 2, item.length - 2) == rotation;
    if (!known) return "must have NotApplicable, Unknown, RST, RTS, SRT, STR, TRS or TSR after each connector";
  }
  return nullptr;
}

template <class Value>
Value type_of(Value Settings::*);
template <class Member>
using member_type = decltype(type_of(Member()));

template <auto kMember, TextRule kRule>
constexpr Key text_key(Text name, Text ocpp = "") {
  using Value = member_type<decltype(kMember)>;
  return {name,
          ocpp,
          Key::Kind::text,
          [](Settings& settings, Text value) -> Error {
            if (const Error error = kRule(value); error != nullptr) return error;
            return (settings.*kMember).assign(value) ? nullptr : "is too long";
          },
          [](const Settings& settings, TextWriter& text) { text.append((settings.*kMember).text()); },
          0,
          Value::characters(),
          Value::characters() < Value::capacity() ? "characters" : "bytes"};
}

constexpr bool ends_with(Text text, Text end) {
  if (text.length < end.length) return false;
  for (size_t i = 0; i < end.length; ++i) {
    if (text.data[text.length - end.length + i] != end.data[i]) return false;
  }
  return true;
}

/// The unit of a number, by the end of its name.
constexpr Text unit_of(Text name) {
  constexpr Text kUnits[][2] = {{"_s", "s"}, {"_ms", "ms"}, {"_wh", "Wh"},
                                {"_v", "V"}, {"_mv", "mV"}, {"_bytes", "bytes"}};
  for (const auto& [end, unit] : kUnits) {
    if (ends_with(name, end)) return unit;
  }
  return "";
}

template <uint32_t Settings::* kMember, uint32_t kLeast, uint32_t kMost>
constexpr Key number_key(Text name, Text ocpp = "") {
  return {name,
          ocpp,
          Key::Kind::number,
          [](Settings& settings, Text value) -> Error {
            uint64_t number = 0;
            if (!parse_decimal_unsigned(value, number)) return "must be a whole number";
            if (number < kLeast) return "is too small";
            if (number > kMost) return "is too large";
            settings.*kMember = static_cast<uint32_t>(number);
            return nullptr;
          },
          [](const Settings& settings, TextWriter& text) { text.append(settings.*kMember); },
          kLeast,
          kMost,
          unit_of(name)};
}

template <bool Settings::* kMember>
constexpr Key boolean_key(Text name, Text ocpp = "") {
  return {name, ocpp, Key::Kind::boolean,
          [](Settings& settings, Text value) -> Error {
            const bool yes = equal_ignoring_case(value, "true");
            if (!yes && !equal_ignoring_case(value, "false")) return "must be true or false";
            settings.*kMember = yes;
            return nullptr;
          },
          [](const Settings& settings, TextWriter& text) { text.append(settings.*kMember); }};
}

template <Measurands Settings::* kMember>
constexpr Key measurands_key(Text name, Text ocpp = "") {
  return {name,
          ocpp,
          Key::Kind::list,
          [](Settings& settings, Text value) -> Error { return (settings.*kMember).parse(value); },
          [](const Settings& settings, TextWriter& text) { (settings.*kMember).format(text); },
          0,
          kMeasurands,
          "",
          kMeasurandNames};
}

constexpr Key log_level_key(Text name) {
  return {name, "", Key::Kind::text,
          [](Settings& settings, Text value) -> Error { return settings.log_level.parse(value); },
          [](const Settings& settings, TextWriter& text) { settings.log_level.format(text); }};
}

constexpr char kAvailabilityRule[] = "must be operative, connector_inoperative or inoperative";
constexpr char kPowerFailActionRule[] = "must be stop or resume";
constexpr char kWebAccessRule[] = "must be on, off or setup";

/// @tparam kNames the names of the values, in their order  @tparam kRule the error for any other text
template <typename Choice, Choice Settings::* kMember, const auto& kNames, const auto& kRule>
constexpr Key choice_key(Text name) {
  return {name,
          "",
          Key::Kind::choice,
          [](Settings& settings, Text value) -> Error {
            for (const Text& choice : kNames) {
              if (value != choice) continue;
              settings.*kMember = static_cast<Choice>(&choice - kNames);
              return nullptr;
            }
            return kRule;
          },
          [](const Settings& settings, TextWriter& text) { text.append(name_of(settings.*kMember)); },
          0,
          0,
          "",
          kNames};
}

/// A read-only fact about the firmware, for GetConfiguration only.
template <uint32_t kValue>
constexpr Key fact_key(Text ocpp) {
  return {"",
          ocpp,
          Key::Kind::number,
          [](Settings&, Text) -> Error { return "is read-only"; },
          [](const Settings&, TextWriter& text) { text.append(kValue); },
          kValue,
          kValue};
}

constexpr Key feature_profiles_key(Text ocpp) {
  return {"", ocpp, Key::Kind::text, [](Settings&, Text) -> Error { return "is read-only"; },
          [](const Settings&, TextWriter& text) { text.append("Core,LocalAuthListManagement,RemoteTrigger"); }};
}

constexpr uint32_t kDay = 86'400;
constexpr uint32_t kLimitlessWh = 1'000'000'000;

// Beside each name is the name in OCPP 1.6 section 9.1. The keys BlinkRepeat and LightIntensity of that section are
// missing, because the lights of this charge point support neither.
constexpr Key kKeys[] = {
    text_key<&Settings::csms_url, &url_rule>("csms_url")
        .on_trial(Trial::csms)
        .in(KeyGroup::csms,
            "Address of the CSMS: ws:// or wss://, host[:port][/path][?query]; no user, password or fragment."),
    text_key<&Settings::identity, &identity_rule>("identity")
        .on_trial(Trial::csms)
        .in(KeyGroup::csms, "Name of this charge point at the CSMS. Empty: plugbench- and six digits of the chip id."),
    number_key<&Settings::security_profile, 0, 3>("security_profile", "SecurityProfile")
        .on_trial(Trial::csms)
        .in(KeyGroup::csms,
            "Security profile of the OCPP 1.6 security whitepaper. The CSMS can raise it, not lower it."),
    number_key<&Settings::heartbeat_interval_s, 1, kDay>("heartbeat_interval_s", "HeartbeatInterval")
        .in(KeyGroup::csms, "Interval of Heartbeat. The interval of BootNotification.conf replaces it."),
    number_key<&Settings::ws_ping_interval_s, 0, 3600>("ws_ping_interval_s", "WebSocketPingInterval")
        .from_next_boot()
        .in(KeyGroup::csms,
            "Interval of the WebSocket ping. 0: no ping, so a silent loss of the connection is noticed late."),
    number_key<&Settings::ws_message_bytes, 1024, WsProtocol::kMaxMessage>("ws_message_bytes")
        .from_next_boot()
        .in(KeyGroup::csms, "Longest message from the CSMS. A longer call gets an error."),
    number_key<&Settings::backoff_initial_ms, 1, 600'000>("backoff_initial_ms")
        .from_next_boot()
        .in(KeyGroup::csms, "First pause before the device reconnects. Not above backoff_max_ms."),
    number_key<&Settings::backoff_max_ms, 1, 3'600'000>("backoff_max_ms")
        .from_next_boot()
        .in(KeyGroup::csms, "Longest pause before the device reconnects to the CSMS."),
    number_key<&Settings::backoff_stable_s, 0, kDay>("backoff_stable_s")
        .from_next_boot()
        .in(KeyGroup::csms, "If an accepted connection lasts for this time, the next pause is backoff_initial_ms."),

    text_key<&Settings::wifi_ssid, &ssid_rule>("wifi_ssid")
        .on_trial(Trial::network)
        .in(KeyGroup::network, "Name of the Wi-Fi network. Empty: only the stored networks are tried."),
    text_key<&Settings::wifi_psk, &psk_rule>("wifi_psk")
        .secret()
        .on_trial(Trial::network)
        .in(KeyGroup::network,
            "Wi-Fi key: 8 to 63 characters of ASCII, or 64 hexadecimal digits. Empty: an open network."),
    text_key<&Settings::setup_psk, &setup_psk_rule>("setup_psk")
        .secret()
        .in(KeyGroup::network,
            "Key of the setup access point: 8 to 63 characters of ASCII. Empty: no setup access point."),
    number_key<&Settings::wifi_backoff_max_s, 1, 3600>("wifi_backoff_max_s")
        .in(KeyGroup::network, "Longest pause between attempts to join a network."),
    text_key<&Settings::ntp_server, &ntp_server_rule>("ntp_server")
        .in(KeyGroup::network,
            "Time server (SNTP): a host name or an IPv4 address. Empty: only the CSMS sends the time."),
    choice_key<WebAccess, &Settings::web, kWebAccessNames, kWebAccessRule>("web").in(
        KeyGroup::network, "When the device serves its page. setup: only while its setup access point is open."),

    text_key<&Settings::local_id_tag, &any_text>("local_id_tag")
        .in(KeyGroup::authorization, "idTag that the button presents. Empty: none."),
    boolean_key<&Settings::allow_offline_tx_for_unknown_id>("allow_offline_tx_for_unknown_id",
                                                            "AllowOfflineTxForUnknownId")
        .in(KeyGroup::authorization, "Whether an unknown idTag may charge while the CSMS cannot be reached."),
    boolean_key<&Settings::authorization_cache_enabled>("authorization_cache_enabled", "AuthorizationCacheEnabled")
        .in(KeyGroup::authorization, "Whether the device stores the answers of the CSMS about idTags."),
    boolean_key<&Settings::authorize_remote_tx_requests>("authorize_remote_tx_requests", "AuthorizeRemoteTxRequests")
        .in(KeyGroup::authorization, "Whether the idTag of a RemoteStartTransaction is authorized first."),
    boolean_key<&Settings::local_auth_list_enabled>("local_auth_list_enabled", "LocalAuthListEnabled")
        .in(KeyGroup::authorization, "Whether the local authorization list is used."),
    boolean_key<&Settings::local_authorize_offline>("local_authorize_offline", "LocalAuthorizeOffline")
        .in(KeyGroup::authorization, "Whether list and cache authorize while the CSMS cannot be reached."),
    boolean_key<&Settings::local_pre_authorize>("local_pre_authorize", "LocalPreAuthorize")
        .in(KeyGroup::authorization, "Whether list and cache authorize before the CSMS is asked."),
    number_key<&Settings::max_energy_on_invalid_id_wh, 0, kLimitlessWh>("max_energy_on_invalid_id_wh",
                                                                        "MaxEnergyOnInvalidId")
        .in(KeyGroup::authorization, "Most energy of a transaction whose idTag the CSMS has rejected."),
    fact_key<kLocalListEntries>("LocalAuthListMaxLength")
        .in(KeyGroup::authorization, "Entries of the local authorization list."),
    fact_key<kLocalListEntriesOfMessage>("SendLocalListMaxLength")
        .in(KeyGroup::authorization, "Entries in one SendLocalList."),

    choice_key<Availability, &Settings::availability, kAvailabilityNames, kAvailabilityRule>("availability")
        .in(KeyGroup::connector, "Availability, as set by ChangeAvailability."),
    boolean_key<&Settings::fixed_cable>("fixed_cable")
        .in(KeyGroup::connector,
            "Whether the cable is fixed to the charge point. If true, the lock is never driven, and "
            "UnlockConnector is NotSupported."),
    number_key<&Settings::lock_timeout_ms, 0, 60'000>("lock_timeout_ms")
        .in(KeyGroup::connector, "Longest time for the bolt of the lock to move. 0: the lock has no feedback contact."),
    number_key<&Settings::connection_timeout_s, 1, kDay>("connection_timeout_s", "ConnectionTimeOut")
        .in(KeyGroup::connector, "Longest time from the authorization until the cable is plugged in."),
    number_key<&Settings::minimum_status_duration_s, 0, 3600>("minimum_status_duration_s", "MinimumStatusDuration")
        .in(KeyGroup::connector, "Time for which a status must last before it is reported."),
    boolean_key<&Settings::stop_transaction_on_ev_side_disconnect>("stop_transaction_on_ev_side_disconnect",
                                                                   "StopTransactionOnEVSideDisconnect")
        .in(KeyGroup::connector, "Whether unplugging the vehicle ends the transaction."),
    boolean_key<&Settings::unlock_connector_on_ev_side_disconnect>("unlock_connector_on_ev_side_disconnect",
                                                                   "UnlockConnectorOnEVSideDisconnect")
        .in(KeyGroup::connector, "Whether unplugging the vehicle unlocks the cable."),
    text_key<&Settings::connector_phase_rotation, &phase_rotation_rule>("connector_phase_rotation",
                                                                        "ConnectorPhaseRotation")
        .in(KeyGroup::connector, "Phase rotation of the connectors 0 and 1, as in 0.RST,1.RST."),
    fact_key<2>("ConnectorPhaseRotationMaxLength").in(KeyGroup::connector, "Items of ConnectorPhaseRotation."),
    fact_key<1>("NumberOfConnectors").in(KeyGroup::connector, "Connectors of the charge point."),

    number_key<&Settings::nominal_voltage_v, 1, 1000>("nominal_voltage_v")
        .in(KeyGroup::metering,
            "Assumed voltage between the conductors: sent as Voltage, and used to calculate Current.Import."),
    number_key<&Settings::meter_value_sample_interval_s, 0, kDay>("meter_value_sample_interval_s",
                                                                  "MeterValueSampleInterval")
        .in(KeyGroup::metering, "Interval of the samples in a transaction. 0: none."),
    number_key<&Settings::clock_aligned_data_interval_s, 0, kDay>("clock_aligned_data_interval_s",
                                                                  "ClockAlignedDataInterval")
        .in(KeyGroup::metering, "Interval of the clock-aligned samples. 0: none."),
    measurands_key<&Settings::meter_values_sampled_data>("meter_values_sampled_data", "MeterValuesSampledData")
        .in(KeyGroup::metering, "Measurands of the samples in a transaction; no duplicates."),
    measurands_key<&Settings::meter_values_aligned_data>("meter_values_aligned_data", "MeterValuesAlignedData")
        .in(KeyGroup::metering, "Measurands of the clock-aligned samples; no duplicates."),
    measurands_key<&Settings::stop_txn_sampled_data>("stop_txn_sampled_data", "StopTxnSampledData")
        .in(KeyGroup::metering, "Measurands of the samples in StopTransaction; no duplicates."),
    measurands_key<&Settings::stop_txn_aligned_data>("stop_txn_aligned_data", "StopTxnAlignedData")
        .in(KeyGroup::metering, "Measurands of the clock-aligned samples in StopTransaction; no duplicates."),
    fact_key<kMeasurands>("MeterValuesAlignedDataMaxLength").in(KeyGroup::metering, "Items of MeterValuesAlignedData."),
    fact_key<kMeasurands>("MeterValuesSampledDataMaxLength").in(KeyGroup::metering, "Items of MeterValuesSampledData."),
    fact_key<kMeasurands>("StopTxnAlignedDataMaxLength").in(KeyGroup::metering, "Items of StopTxnAlignedData."),
    fact_key<kMeasurands>("StopTxnSampledDataMaxLength").in(KeyGroup::metering, "Items of StopTxnSampledData."),

    choice_key<PowerFailAction, &Settings::power_fail_action, kPowerFailActionNames, kPowerFailActionRule>(
        "power_fail_action")
        .in(KeyGroup::transactions, "Action on a transaction when the mains power fails."),
    number_key<&Settings::power_resume_limit_s, 0, kDay>("power_resume_limit_s")
        .in(KeyGroup::transactions, "Longest power failure after which a transaction continues."),
    boolean_key<&Settings::stop_transaction_on_invalid_id>("stop_transaction_on_invalid_id",
                                                           "StopTransactionOnInvalidId")
        .in(KeyGroup::transactions, "Whether a transaction ends when the CSMS rejects its idTag."),
    boolean_key<&Settings::stop_transaction_on_start_given_up>("stop_transaction_on_start_given_up")
        .in(KeyGroup::transactions,
            "Whether a transaction ends when its StartTransaction is dropped. If false, the charge continues "
            "unreported."),
    number_key<&Settings::transaction_message_attempts, 1, 100>("transaction_message_attempts",
                                                                "TransactionMessageAttempts")
        .in(KeyGroup::transactions,
            "Attempts to send a transaction message if the CSMS answers with an error or does not answer."),
    number_key<&Settings::transaction_message_retry_interval_s, 0, kDay>("transaction_message_retry_interval_s",
                                                                         "TransactionMessageRetryInterval")
        .in(KeyGroup::transactions, "Pause after the first failed attempt; it grows with each attempt."),

    boolean_key<&Settings::cpu_scaling>("cpu_scaling")
        .in(KeyGroup::device, "Whether the clock of the processor is lower while nothing happens."),
    boolean_key<&Settings::modem_sleep>("modem_sleep")
        .in(KeyGroup::device,
            "Whether the radio sleeps between the beacons of the access point while nothing happens."),
    boolean_key<&Settings::light_sleep>("light_sleep")
        .in(KeyGroup::device,
            "Whether the chip sleeps while nothing happens. It then loses serial bytes and pulses of the meter."),
    number_key<&Settings::brownout_mv, 2'400, 3'300>("brownout_mv")
        .in(KeyGroup::device, "Supply voltage below which the chip resets."),
    log_level_key("log_level")
        .in(KeyGroup::device,
            "Level of the log: error, warning, info or debug. Levels of single features can follow, as in "
            "info,wifi=debug."),
    number_key<&Settings::log_files, 0, kMaxLogFiles>("log_files")
        .in(KeyGroup::device, "Files of the log on flash. 0: the log is not written to flash."),
    number_key<&Settings::log_file_bytes, 1024, Storage::kMaxContent>("log_file_bytes")
        .in(KeyGroup::device, "Size of each new file of the log."),
    number_key<&Settings::log_flush_s, 10, kDay>("log_flush_s")
        .in(KeyGroup::device, "Longest time until a line is on flash. The limit of the wear can delay it."),
    number_key<&Settings::reset_retries, 0, 10>("reset_retries", "ResetRetries")
        .in(KeyGroup::device, "No effect: a reset of this device does not fail."),
    fact_key<Config::kMaxKeysOfRequest>("GetConfigurationMaxKeys")
        .in(KeyGroup::device, "Keys in one GetConfiguration."),
    feature_profiles_key("SupportedFeatureProfiles")
        .in(KeyGroup::device, "Feature profiles of OCPP 1.6 that the device supports."),
    fact_key<3>("SupportedFeatureProfilesMaxLength").in(KeyGroup::device, "Items of SupportedFeatureProfiles."),
};

constexpr OrderedKeys kOrderedKeys[] = {
    {"backoff_initial_ms", "backoff_max_ms", &Settings::backoff_initial_ms, &Settings::backoff_max_ms,
     "must not be above backoff_max_ms", "must not be below backoff_initial_ms"},
};

constexpr bool is_complete() {
  for (const Key& key : kKeys) {
    if (key.help.empty() || (key.name.empty() && key.ocpp.empty())) return false;
  }
  return true;
}
static_assert(is_complete(), "each key needs a name, a group and a help text");

}  // namespace

Span<const Key> all_keys() { return kKeys; }

Span<const OrderedKeys> ordered_keys() { return kOrderedKeys; }

Config::Error check_new_secret(Text value) {
  return is_printable_ascii(value) ? nullptr : "must have characters of ASCII only";
}

Config::Error check_wifi_psk(Text value) {
  const Config::Error error = psk_rule(value);
  return error != nullptr ? error : check_new_secret(value);
}

const Key* find_key(Text name) {
  if (name.empty()) return nullptr;
  for (const Key& key : kKeys) {
    if (key.name == name || equal_ignoring_case(key.ocpp, name)) return &key;
  }
  return nullptr;
}

}  // namespace pb
