#pragma once

#include "core/text.h"
#include "features/config/availability.h"
#include "features/config/measurands.h"
#include "features/config/power_fail_action.h"
#include "features/config/web_access.h"
#include "features/logging/log_levels.h"

namespace pb {

constexpr uint32_t kMaxLogFiles = 24;

/// The settings that the owner of the charge point or its CSMS can change. A text without a default is empty. The table
/// in keys.cpp has their names and limits; OCPP 1.6 section 9.1 defines the ones that are OCPP's.
struct Settings {
  FixedText<255> csms_url;            ///< `ws://` or `wss://`; the identity is appended to its path
  CharacterText<48> identity;         ///< the name of this charge point at the CSMS
  FixedText<32> wifi_ssid;            ///< empty: only stored networks are tried
  FixedText<64> wifi_psk;             ///< empty for an open network
  FixedText<63> setup_psk;            ///< passphrase of the setup access point; empty: no such access point
  uint32_t wifi_backoff_max_s = 190;  ///< the longest pause; a pause at this limit takes at least half of it
  FixedText<63> ntp_server;           ///< time server of SNTP; empty: none
  CharacterText<20> local_id_tag;     ///< presented by the button; CiString20Type of OCPP 1.6
  uint32_t security_profile = 0;      ///< profile of the OCPP 1.6 security whitepaper (features/security)
  uint32_t ws_ping_interval_s = 10;
  uint32_t ws_message_bytes = 8192;  ///< the longest message from the CSMS
  uint32_t heartbeat_interval_s = 300;
  uint32_t backoff_initial_ms = 1000;
  uint32_t backoff_max_ms = 120'000;
  uint32_t backoff_stable_s = 60;   ///< a connection that was accepted for this time resets the backoff
  LogLevels log_level;              ///< the level of all features, and levels of single features
  uint32_t log_files = 16;          ///< files of the log on flash; 0: the log is not written to flash
  uint32_t log_file_bytes = 2'048;  ///< the largest content of a file
  uint32_t log_flush_s = 600;       ///< a line is written after this time, if the limit of the wear allows that
  WebAccess web = WebAccess::on;    ///< when the page is served
  Availability availability = Availability::operative;  ///< as set by ChangeAvailability

  // Authorization.
  bool allow_offline_tx_for_unknown_id = true;
  bool authorization_cache_enabled = false;
  bool authorize_remote_tx_requests = false;
  bool local_auth_list_enabled = true;
  bool local_authorize_offline = true;
  bool local_pre_authorize = false;

  // The connector.
  uint32_t connection_timeout_s = 60;
  uint32_t minimum_status_duration_s = 0;
  bool stop_transaction_on_ev_side_disconnect = true;
  bool stop_transaction_on_invalid_id = true;
  bool stop_transaction_on_start_given_up = true;  ///< ends a transaction whose StartTransaction was dropped
  uint32_t max_energy_on_invalid_id_wh = 0;
  bool unlock_connector_on_ev_side_disconnect = true;
  FixedText<40> connector_phase_rotation{"0.NotApplicable,1.NotApplicable"};  ///< one phase
  uint32_t reset_retries = 1;
  bool fixed_cable = false;      ///< the cable cannot be unplugged at the charge point: the lock is never driven
  uint32_t lock_timeout_ms = 0;  ///< the time in which the lock must move; 0: it has no feedback contact

  // A failure of the mains power.
  PowerFailAction power_fail_action = PowerFailAction::stop;
  uint32_t power_resume_limit_s = 3600;  ///< after a longer failure a transaction does not continue

  // Energy of the device itself (features/power): applied while it is idle.
  bool cpu_scaling = true;
  bool modem_sleep = true;
  bool light_sleep = false;      ///< loses bytes of the console, pulses and edges of inputs
  uint32_t brownout_mv = 2'700;  ///< the flash chip's minimum

  // Meter values. An interval of 0 means none.
  uint32_t meter_value_sample_interval_s = 60;
  uint32_t clock_aligned_data_interval_s = 0;
  Measurands meter_values_sampled_data{Measurand::energy_active_import_register};
  Measurands meter_values_aligned_data{Measurand::energy_active_import_register};
  Measurands stop_txn_sampled_data;
  Measurands stop_txn_aligned_data;
  uint32_t nominal_voltage_v = 230;  ///< between the conductors: the meter does not measure it

  // Transaction messages that the CSMS answers with an error, or not at all.
  uint32_t transaction_message_attempts = 3;
  uint32_t transaction_message_retry_interval_s = 60;
};

/// The defaults, in flash: a copy on a stack would take more than 1 KB.
inline constexpr Settings kDefaultSettings;

}  // namespace pb
