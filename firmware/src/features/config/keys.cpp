#include "features/config/keys.h"

#include "core/decimal.h"
#include "core/hexadecimal.h"
#include "features/storage/storage.h"
#include "features/websocket/csms_url.h"

namespace pb {
namespace {

using Complaint = Config::Complaint;

using TextRule = Complaint (*)(Text value);

Complaint any_text(Text) { return nullptr; }

/// Empty: the default.
Complaint url_rule(Text value) { return value.empty() ? nullptr : CsmsUrl::check(value); }
Complaint identity_rule(Text value) { return value.empty() ? nullptr : CsmsUrl::check_identity(value); }

Complaint psk_rule(Text value) { return check_wifi_psk(value); }

Complaint setup_psk_rule(Text value) {
  constexpr size_t kLeast = 8;
  constexpr size_t kMost = 63;
  if (value.empty() || (value.length >= kLeast && value.length <= kMost)) return nullptr;
  return "must have 8 to 63 characters, or none to have no setup access point";
}

/// ConnectorPhaseRotation of OCPP 1.6 section 9.1: `connector.rotation`, separated by commas.
Complaint phase_rotation_rule(Text value) {
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
    if (!known) return "must have NotApplicable, Unknown, RST, RTS, SRT, STR, TRS or TSR behind each connector";
  }
  return nullptr;
}

template <auto kMember, TextRule kRule>
constexpr Key text_key(Text name, Text ocpp = "") {
  return {name, ocpp, Key::Kind::text,
          [](Settings& settings, Text value) -> Complaint {
            if (const Complaint complaint = kRule(value); complaint != nullptr) return complaint;
            return (settings.*kMember).assign(value) ? nullptr : "is too long";
          },
          [](const Settings& settings, TextWriter& text) { text.append((settings.*kMember).text()); }};
}

template <uint32_t Settings::* kMember, uint32_t kLeast, uint32_t kMost>
constexpr Key number_key(Text name, Text ocpp = "") {
  return {name, ocpp, Key::Kind::number,
          [](Settings& settings, Text value) -> Complaint {
            uint64_t number = 0;
            if (!parse_decimal_unsigned(value, number)) return "must be a whole number";
            if (number < kLeast) return "is too small";
            if (number > kMost) return "is too large";
            settings.*kMember = static_cast<uint32_t>(number);
            return nullptr;
          },
          [](const Settings& settings, TextWriter& text) { text.append(settings.*kMember); }};
}

template <bool Settings::* kMember>
constexpr Key boolean_key(Text name, Text ocpp = "") {
  return {name, ocpp, Key::Kind::boolean,
          [](Settings& settings, Text value) -> Complaint {
            const bool yes = equal_ignoring_case(value, "true");
            if (!yes && !equal_ignoring_case(value, "false")) return "must be true or false";
            settings.*kMember = yes;
            return nullptr;
          },
          [](const Settings& settings, TextWriter& text) { text.append(settings.*kMember); }};
}

template <Measurands Settings::* kMember>
constexpr Key measurands_key(Text name, Text ocpp = "") {
  return {name, ocpp, Key::Kind::text,
          [](Settings& settings, Text value) -> Complaint { return (settings.*kMember).parse(value); },
          [](const Settings& settings, TextWriter& text) { (settings.*kMember).format(text); }};
}

constexpr Key log_level_key(Text name) {
  return {name, "", Key::Kind::text,
          [](Settings& settings, Text value) -> Complaint { return settings.log_level.parse(value); },
          [](const Settings& settings, TextWriter& text) { settings.log_level.format(text); }};
}

constexpr Key availability_key(Text name) {
  return {name, "", Key::Kind::text,
          [](Settings& settings, Text value) -> Complaint {
            for (const Availability availability :
                 {Availability::operative, Availability::connector_inoperative, Availability::inoperative}) {
              if (value != name_of(availability)) continue;
              settings.availability = availability;
              return nullptr;
            }
            return "must be operative, connector_inoperative or inoperative";
          },
          [](const Settings& settings, TextWriter& text) { text.append(name_of(settings.availability)); }};
}

constexpr Key power_fail_action_key(Text name) {
  return {name, "", Key::Kind::text,
          [](Settings& settings, Text value) -> Complaint {
            for (const PowerFailAction action : {PowerFailAction::stop, PowerFailAction::resume}) {
              if (value != name_of(action)) continue;
              settings.power_fail_action = action;
              return nullptr;
            }
            return "must be stop or resume";
          },
          [](const Settings& settings, TextWriter& text) { text.append(name_of(settings.power_fail_action)); }};
}

/// A read-only fact about the firmware, for GetConfiguration only.
template <uint32_t kValue>
constexpr Key fact_key(Text ocpp) {
  return {"", ocpp, Key::Kind::number, [](Settings&, Text) -> Complaint { return "is read-only"; },
          [](const Settings&, TextWriter& text) { text.append(kValue); }};
}

constexpr Key feature_profiles_key(Text ocpp) {
  return {"", ocpp, Key::Kind::text, [](Settings&, Text) -> Complaint { return "is read-only"; },
          [](const Settings&, TextWriter& text) { text.append("Core,LocalAuthListManagement,RemoteTrigger"); }};
}

constexpr uint32_t kDay = 86'400;
constexpr uint32_t kLimitlessWh = 1'000'000'000;

// The names on the right are those of OCPP 1.6 section 9.1. Of its keys BlinkRepeat and LightIntensity are missing: the
// lights of this charge point have neither.
constexpr Key kKeys[] = {
    text_key<&Settings::csms_url, &url_rule>("csms_url").on_trial(Trial::csms),
    text_key<&Settings::identity, &identity_rule>("identity").on_trial(Trial::csms),
    text_key<&Settings::wifi_ssid, &any_text>("wifi_ssid").on_trial(Trial::network),
    text_key<&Settings::wifi_psk, &psk_rule>("wifi_psk").secret().on_trial(Trial::network),
    text_key<&Settings::setup_psk, &setup_psk_rule>("setup_psk").secret(),
    number_key<&Settings::wifi_backoff_max_s, 1, 3600>("wifi_backoff_max_s"),
    text_key<&Settings::local_id_tag, &any_text>("local_id_tag"),
    number_key<&Settings::backoff_initial_ms, 1, 600'000>("backoff_initial_ms"),
    number_key<&Settings::backoff_max_ms, 1, 3'600'000>("backoff_max_ms"),
    number_key<&Settings::backoff_stable_s, 0, kDay>("backoff_stable_s"),
    log_level_key("log_level"),
    number_key<&Settings::log_files, 0, kMaxLogFiles>("log_files"),
    number_key<&Settings::log_file_bytes, 1024, Storage::kMaxContent>("log_file_bytes"),
    number_key<&Settings::log_flush_s, 10, kDay>("log_flush_s"),
    availability_key("availability"),
    boolean_key<&Settings::fixed_cable>("fixed_cable"),
    number_key<&Settings::lock_timeout_ms, 0, 60'000>("lock_timeout_ms"),
    boolean_key<&Settings::cpu_scaling>("cpu_scaling"),
    boolean_key<&Settings::modem_sleep>("modem_sleep"),
    boolean_key<&Settings::light_sleep>("light_sleep"),
    number_key<&Settings::brownout_mv, 2'400, 3'300>("brownout_mv"),
    number_key<&Settings::nominal_voltage_v, 1, 1000>("nominal_voltage_v"),
    power_fail_action_key("power_fail_action"),
    number_key<&Settings::power_resume_limit_s, 0, kDay>("power_resume_limit_s"),

    boolean_key<&Settings::allow_offline_tx_for_unknown_id>("allow_offline_tx_for_unknown_id",
                                                            "AllowOfflineTxForUnknownId"),
    boolean_key<&Settings::authorization_cache_enabled>("authorization_cache_enabled", "AuthorizationCacheEnabled"),
    boolean_key<&Settings::authorize_remote_tx_requests>("authorize_remote_tx_requests", "AuthorizeRemoteTxRequests"),
    number_key<&Settings::clock_aligned_data_interval_s, 0, kDay>("clock_aligned_data_interval_s",
                                                                  "ClockAlignedDataInterval"),
    number_key<&Settings::connection_timeout_s, 1, kDay>("connection_timeout_s", "ConnectionTimeOut"),
    text_key<&Settings::connector_phase_rotation, &phase_rotation_rule>("connector_phase_rotation",
                                                                        "ConnectorPhaseRotation"),
    fact_key<2>("ConnectorPhaseRotationMaxLength"),
    fact_key<Config::kMaxKeysOfRequest>("GetConfigurationMaxKeys"),
    number_key<&Settings::heartbeat_interval_s, 1, kDay>("heartbeat_interval_s", "HeartbeatInterval"),
    boolean_key<&Settings::local_auth_list_enabled>("local_auth_list_enabled", "LocalAuthListEnabled"),
    fact_key<kLocalListEntries>("LocalAuthListMaxLength"),
    boolean_key<&Settings::local_authorize_offline>("local_authorize_offline", "LocalAuthorizeOffline"),
    boolean_key<&Settings::local_pre_authorize>("local_pre_authorize", "LocalPreAuthorize"),
    number_key<&Settings::max_energy_on_invalid_id_wh, 0, kLimitlessWh>("max_energy_on_invalid_id_wh",
                                                                        "MaxEnergyOnInvalidId"),
    measurands_key<&Settings::meter_values_aligned_data>("meter_values_aligned_data", "MeterValuesAlignedData"),
    fact_key<kMeasurands>("MeterValuesAlignedDataMaxLength"),
    measurands_key<&Settings::meter_values_sampled_data>("meter_values_sampled_data", "MeterValuesSampledData"),
    fact_key<kMeasurands>("MeterValuesSampledDataMaxLength"),
    number_key<&Settings::meter_value_sample_interval_s, 0, kDay>("meter_value_sample_interval_s",
                                                                  "MeterValueSampleInterval"),
    number_key<&Settings::minimum_status_duration_s, 0, 3600>("minimum_status_duration_s", "MinimumStatusDuration"),
    fact_key<1>("NumberOfConnectors"),
    number_key<&Settings::reset_retries, 0, 10>("reset_retries", "ResetRetries"),
    fact_key<kLocalListEntriesOfMessage>("SendLocalListMaxLength"),
    number_key<&Settings::security_profile, 0, 3>("security_profile", "SecurityProfile").on_trial(Trial::csms),
    boolean_key<&Settings::stop_transaction_on_ev_side_disconnect>("stop_transaction_on_ev_side_disconnect",
                                                                   "StopTransactionOnEVSideDisconnect"),
    boolean_key<&Settings::stop_transaction_on_invalid_id>("stop_transaction_on_invalid_id",
                                                           "StopTransactionOnInvalidId"),
    boolean_key<&Settings::stop_transaction_on_start_given_up>("stop_transaction_on_start_given_up"),
    measurands_key<&Settings::stop_txn_aligned_data>("stop_txn_aligned_data", "StopTxnAlignedData"),
    fact_key<kMeasurands>("StopTxnAlignedDataMaxLength"),
    measurands_key<&Settings::stop_txn_sampled_data>("stop_txn_sampled_data", "StopTxnSampledData"),
    fact_key<kMeasurands>("StopTxnSampledDataMaxLength"),
    feature_profiles_key("SupportedFeatureProfiles"),
    fact_key<3>("SupportedFeatureProfilesMaxLength"),
    number_key<&Settings::transaction_message_attempts, 1, 100>("transaction_message_attempts",
                                                                "TransactionMessageAttempts"),
    number_key<&Settings::transaction_message_retry_interval_s, 0, kDay>("transaction_message_retry_interval_s",
                                                                         "TransactionMessageRetryInterval"),
    boolean_key<&Settings::unlock_connector_on_ev_side_disconnect>("unlock_connector_on_ev_side_disconnect",
                                                                   "UnlockConnectorOnEVSideDisconnect"),
    number_key<&Settings::ws_ping_interval_s, 0, 3600>("ws_ping_interval_s", "WebSocketPingInterval").from_next_boot(),
};

}  // namespace

Span<const Key> all_keys() { return kKeys; }

Config::Complaint check_wifi_psk(Text value) {
  constexpr size_t kLeast = 8;
  constexpr size_t kKeyDigits = 64;
  const bool is_passphrase = value.length >= kLeast && value.length < kKeyDigits;
  if (value.empty() || is_passphrase || (value.length == kKeyDigits && is_hexadecimal(value))) return nullptr;
  return "must have 8 to 63 characters, or 64 hexadecimal digits, or none for an open network";
}

const Key* find_key(Text name) {
  if (name.empty()) return nullptr;
  for (const Key& key : kKeys) {
    if (key.name == name || equal_ignoring_case(key.ocpp, name)) return &key;
  }
  return nullptr;
}

}  // namespace pb
