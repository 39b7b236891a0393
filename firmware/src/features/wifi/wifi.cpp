#include "features/wifi/wifi.h"

#include "core/crc32.h"
#include "core/text_writer.h"

namespace pb {

namespace {

Text explain(uint16_t reason) {
  switch (reason) {
    case Network::kReasonNone:
      return "left";
    case Network::kReasonAuthenticationExpired:
      return "authentication expired";
    case Network::kReasonIdle:
      return "idle too long";
    case Network::kReasonHandshakeTimeout:
      return "handshake timed out, is the key right?";
    case Network::kReasonBeaconTimeout:
      return "the access point is no longer heard";
    case Network::kReasonNoAccessPoint:
      return "no such access point";
    case Network::kReasonAddressLost:
      return "the address was lost";
    case Network::kReasonNoEvent:
      return "the driver is not joined any more and has not reported it";
    case Network::kReasonDriver:
      return "the driver has rejected the attempt";
    default:
      return "see wifi_err_reason_t";
  }
}

constexpr Text name_of(NetworkState state) {
  switch (state) {
    case NetworkState::down:
      return "down";
    case NetworkState::associating:
      return "associating";
    case NetworkState::dhcp:
      return "dhcp";
    case NetworkState::up:
      break;
  }
  return "up";
}

}  // namespace

Wifi::Wifi(Network& network, Rng& rng, Config& config, const StoredNetworks& stored, uint64_t chip_id, Logger& log)
    : network_(network),
      rng_(rng),
      config_(config),
      settings_(config.settings()),
      stored_(stored),
      log_(log),
      trial_(config, Trial::network, kTrialLimit) {
  char bytes[decltype(setup_ssid_)::capacity()];
  TextWriter text{Span<char>(bytes)};
  setup_ssid_.assign(text.append_all("plugbench-setup-", Hex{chip_id & 0xFFFFFF, 6}).text());
}

Millis Wifi::poll(Millis now) {
  look(now);
  const Millis change_due = poll_change(now);
  const Millis link_due = poll_link(now);
  return earlier(earlier(change_due, link_due), poll_setup(now));
}

// ---- the link

Millis Wifi::poll_link(Millis now) {
  if (seen_ == NetworkState::up) {
    if (now < next_watch_) return next_watch_;
    watch(now);
    if (seen_ == NetworkState::up) return next_watch_;
  }
  if (seen_ != NetworkState::down) {
    if (now < attempt_limit_) return attempt_limit_;
    log_.warning(tag(), "the attempt has taken ", kAttemptLimit / 1000, " s, giving it up");
    network_.end();
    look(now);
  }
  // Without a name there is nothing to join. The loop is woken when the console or the page sets a name.
  if (candidates() == 0) return kNever;
  if (now < next_attempt_) return next_attempt_;
  // The radio cannot join during a scan. The end of the scan wakes the loop.
  if (network_.scan_state() == ScanState::running) return kNever;
  begin(now);
  if (seen_ == NetworkState::up) return next_watch_;
  return seen_ == NetworkState::down ? next_attempt_ : attempt_limit_;
}

void Wifi::begin(Millis now) {
  attempt_limit_ = now + kAttemptLimit;
  if (candidate_ >= candidates()) candidate_ = 0;
  const WifiNetwork wanted = candidate(candidate_);
  joined_.assign(wanted.ssid);
  if (is_ethernet()) {
    log_.info(tag(), "waiting for a link");
  } else {
    log_.info(tag(), "joining '", wanted.ssid, "'");
  }
  network_.begin(wanted.ssid, wanted.psk);
  seen_ = NetworkState::associating;
  look(now);
}

/// Detects a link that has ended without an event.
void Wifi::watch(Millis now) {
  next_watch_ = now + kWatchInterval;
  if (network_.driver_state() == NetworkState::up) return;
  network_.end(Network::kReasonNoEvent);
  look(now);
}

void Wifi::look(Millis now) {
  const NetworkState state = network_.state();
  const uint32_t losses = network_.losses();
  // A link that was lost and is up again since the last poll also counts as lost.
  const bool lost = losses != seen_losses_;
  if (lost) {
    seen_losses_ = losses;
    loss_reason_ = network_.disconnect_reason();
    log_.warning(tag(), "link lost, reason ", loss_reason_, ": ", explanation());
  }
  if (state == seen_ && !lost) return;
  if (state == NetworkState::up) {
    backoff_.reset();
    candidate_ = 0;
    next_watch_ = now + kWatchInterval;
    if (is_ethernet()) {
      log_.info(tag(), "up");
    } else {
      log_.info(tag(), "up, signal ", network_.link().rssi, " dBm");
    }
  } else if (state == NetworkState::down) {
    if (!lost) {
      log_.info(tag(), "not joined, reason ", network_.disconnect_reason(), ": ", explanation());
    }
    const bool has_another = !lost && candidate_ + 1 < candidates();
    candidate_ = has_another ? candidate_ + 1 : 0;
    next_attempt_ = has_another ? now
                                : now + backoff_.next(rng_, settings_.backoff_initial_ms,
                                                      Millis{1000} * settings_.wifi_backoff_max_s);
    log_.debug(tag(), "next attempt in ", next_attempt_ - now, " ms");
  }
  seen_ = state;
}

Text Wifi::explanation() const {
  return is_ethernet() ? "no cable, or no address" : explain(network_.disconnect_reason());
}

// ---- the networks

size_t Wifi::candidates() const {
  if (is_ethernet()) return 1;
  const size_t of_settings = settings_.wifi_ssid.empty() ? 0 : 1;
  // During a trial only the network of the settings is used, because another network would hide that it does not work.
  return config_.on_trial(Trial::network) && of_settings != 0 ? 1 : of_settings + stored_.count();
}

WifiNetwork Wifi::candidate(size_t index) const {
  if (is_ethernet()) return {};
  if (settings_.wifi_ssid.empty()) return stored_.at(index);
  return index == 0 ? WifiNetwork{0, settings_.wifi_ssid.text(), settings_.wifi_psk.text()} : stored_.at(index - 1);
}

uint32_t Wifi::fingerprint() const {
  return crc32(settings_.wifi_psk.text().bytes(), crc32(settings_.wifi_ssid.text().bytes()));
}

/// Uses changed settings without a restart, and reverts the settings if they do not work in time.
Millis Wifi::poll_change(Millis now) {
  if (is_ethernet()) {
    if (config_.on_trial(Trial::network)) config_.keep(Trial::network);  // no effect on Ethernet
    return kNever;
  }
  const uint32_t present = fingerprint();
  if (is_first_poll_) {
    is_first_poll_ = false;
    used_ = changed_to_ = present;
  }
  if (present != changed_to_) {
    changed_to_ = present;
    change_at_ = now + kChangeDelay;
  }
  if (now >= change_at_) {
    change_at_ = kNever;
    trial_.restart();
    if (present != used_) {
      used_ = present;
      log_.info(tag(), "the network of the settings has changed");
      network_.end();
      look(now);
      backoff_.reset();
      candidate_ = 0;
      next_attempt_ = now;
    }
  }
  if (change_at_ != kNever) return change_at_;
  return trial_.poll(now, seen_ == NetworkState::up && joined_.text() == settings_.wifi_ssid.text(), true);
}

// ---- the setup access point

Millis Wifi::poll_setup(Millis now) {
  if (seen_ == NetworkState::up) down_since_ = kNever;
  if (seen_ != NetworkState::up && down_since_ == kNever) down_since_ = now;
  const Millis due = down_since_ == kNever ? kNever : down_since_ + (candidates() == 0 ? 0 : kSetupAfter);
  const bool is_wanted = !is_ethernet() && !settings_.setup_psk.empty() && now >= due;
  if (is_wanted && !is_setup_open_) {
    is_setup_open_ = network_.open_access_point(setup_ssid_.text(), settings_.setup_psk.text());
    if (is_setup_open_) log_.warning(tag(), "no network works: the access point '", setup_ssid_.text(), "' is open");
  } else if (!is_wanted && is_setup_open_) {
    is_setup_open_ = false;
    network_.close_access_point();
    log_.info(tag(), "the access point '", setup_ssid_.text(), "' is closed");
  }
  return is_wanted || settings_.setup_psk.empty() ? kNever : due;
}

// ---- status

void Wifi::write_status(JsonWriter& json) const {
  const LinkInfo link = network_.link();
  char bytes[24];
  TextWriter text{Span<char>(bytes)};
  json.key("network").begin_object();
  json.member("state", name_of(seen_));
  if (!is_ethernet()) {
    json.member("ssid", up() ? joined_.text() : Text());
    json.member("rssi", int64_t{link.rssi});
    json.member("channel", uint64_t{link.channel});
    for (size_t i = 0; i < sizeof link.bssid; ++i) text.append_all(i == 0 ? "" : ":", Hex{link.bssid[i], 2});
    json.member("bssid", text.text());
    text = TextWriter{Span<char>(bytes)};
  }
  for (size_t i = 0; i < sizeof link.address; ++i) text.append_all(i == 0 ? "" : ".", uint64_t{link.address[i]});
  json.member("ip", text.text());
  json.member("losses", uint64_t{seen_losses_});
  json.member("loss_reason", uint64_t{loss_reason_});
  if (seen_losses_ != 0) json.member("loss", is_ethernet() ? Text("no cable, or no address") : explain(loss_reason_));
  json.member("setup_access_point", is_setup_open_);
  json.end_object();
}

}  // namespace pb
