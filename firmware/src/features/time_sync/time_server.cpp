#include "features/time_sync/time_server.h"

namespace pb {

namespace {

constexpr Text kTag = "time";
constexpr Millis kStartRetry = 10'000;

}  // namespace

Text TimeServer::name_of(State state) {
  constexpr Text kNames[] = {"waiting", "silent", "used", "unusable", "too_early", "differs"};
  return kNames[static_cast<size_t>(state)];
}

void TimeServer::set_server(Text server) {
  if (server == server_.text()) return;
  if (is_running_) sntp_.stop();
  is_running_ = false;
  server_.assign(server);
  state_ = State::waiting;
  has_time_ = false;
  silent_at_ = kNever;
  // The owner may have replaced this server because its time was wrong.
  time_sync_.distrust_server();
}

void TimeServer::write_status(JsonWriter& json) const {
  if (!server_.empty()) json.member("time_server", name_of(state_));
}

Millis TimeServer::poll(Millis now) {
  if (server_.empty()) return kNever;
  run(now);
  SntpTime received;
  if (is_running_ && sntp_.take(received)) {
    take(received);
    if (listener_.answered != nullptr) listener_.answered(listener_.context);
  }
  compare();
  if (now >= silent_at_) {
    silent_at_ = kNever;
    if (become(State::silent)) {
      log_.warning(kTag, "the time server ", server_.text(), " has not answered for ", kSilent / 1000,
                   " s: check ntp_server and the network");
    }
  }
  const bool is_start_due = !is_running_ && network_.state() == NetworkState::up;
  return is_start_due ? earlier(now + kStartRetry, silent_at_) : silent_at_;
}

/// Runs the client only while there is a network. A client that was started without a network would still be in a pause
/// when the network comes.
void TimeServer::run(Millis now) {
  const bool is_up = network_.state() == NetworkState::up;
  if (is_up == is_running_) return;
  if (is_up) {
    is_running_ = sntp_.start(server_.text());
    if (state_ != State::waiting || silent_at_ != kNever) return;
    silent_at_ = now + kSilent;
    if (!time_sync_.is_current() && listener_.asked != nullptr) listener_.asked(listener_.context, now + kPatience);
  } else {
    sntp_.stop();
    is_running_ = false;
    silent_at_ = kNever;
  }
}

void TimeServer::take(const SntpTime& received) {
  silent_at_ = kNever;
  const Timestamp sent = format_timestamp(received.unix_ms);
  switch (time_sync_.set_from_server(received.unix_ms, received.at)) {
    case ServerTime::unusable:
      if (become(State::unusable)) {
        log_.warning(kTag, "the time server ", server_.text(), " sent ", sent.text(),
                     ", which is not used: expected a time from 2020 to 2100");
      }
      return;
    case ServerTime::too_early:
      if (become(State::too_early)) {
        log_.warning(kTag, "the time server ", server_.text(), " sent ", sent.text(),
                     ", which is not used: the CSMS has sent a later time before");
      }
      return;
    case ServerTime::used:
      if (become(State::used)) log_.info(kTag, "the time server ", server_.text(), " sent ", sent.text());
      break;
    case ServerTime::not_needed:
      if (state_ != State::differs) become(State::used);
      break;
  }
  has_time_ = true;
  offset_ = received.unix_ms - static_cast<UnixMillis>(received.at);
}

/// Compares the time server's time with that of the CSMS. Either time may come first, so each poll calls this.
void TimeServer::compare() {
  if (!has_time_ || time_sync_.quality() != TimeQuality::csms) return;
  const UnixMillis ahead = offset_ - time_sync_.at(0);
  if (ahead <= TimeSync::kTolerance && ahead >= -TimeSync::kTolerance) {
    become(State::used);
  } else if (become(State::differs)) {
    log_.warning(kTag, "the time server ", server_.text(), " is ", (ahead < 0 ? -ahead : ahead) / 1000,
                 ahead < 0 ? " s behind" : " s ahead of", " the CSMS: the time of the CSMS is used");
  }
}

bool TimeServer::become(State state) {
  const bool was_another = state_ != state;
  state_ = state;
  return was_another;
}

}  // namespace pb
