#include "features/websocket/connection.h"

#include "core/text_writer.h"

namespace pb {
namespace {

constexpr Text kTag = "ws";
constexpr size_t kReceiveChunk = 512;
static_assert(Connection::kMaxReceivedPerPoll % kReceiveChunk == 0, "what a poll reads is a number of chunks");

}  // namespace

void Connection::configure(const ConnectionSettings& settings) {
  limits_.ping_interval = settings.ping_interval;
  limits_.message = settings.longest_message;
  backoff_initial_ = settings.backoff_initial;
  backoff_max_ = settings.backoff_max;
  stable_after_ = settings.stable_after;
  wanted_url_ = settings.url;
  wanted_identity_ = settings.identity;
  if (take_target()) state_ = State::waiting;
}

void Connection::retarget(Text url, Text identity, Millis now) {
  wanted_url_ = url;
  wanted_identity_ = identity;
  is_target_new_ = true;
  renew(now);
}

/// @return false, with a line in the log, when the wanted target cannot be used.
bool Connection::take_target() {
  if (!url_.parse(wanted_url_, wanted_identity_)) {
    if (const char* error = CsmsUrl::check(wanted_url_); error != nullptr) {
      log_.error(kTag, "csms_url ", wanted_url_.empty() ? "is not set" : error, "; no connection is tried");
    } else {
      log_.error(kTag, "identity ", CsmsUrl::check_identity(wanted_identity_), "; no connection is tried");
    }
    return false;
  }
  identity_.assign(wanted_identity_);
  return true;
}

/// Ends the connection or the attempt, so that the next attempt uses the present settings.
void Connection::renew_now(Millis now) {
  renew_at_ = kNever;
  if (state_ == State::open) {
    close(ws_close::kNormal, "the settings of the connection have changed", now);
  } else if (state_ == State::connecting || state_ == State::opening) {
    lose(LossCause::renewed, "the settings of the connection have changed", now);
  }
  backoff_.reset();
  if (state_ == State::waiting || state_ == State::unconfigured) next_attempt_ = now;
  if (state_ == State::unconfigured && is_target_new_) state_ = State::waiting;
}

/// Ends a connection whose network is lost. Without a network no attempt is made.
void Connection::look_at_network(Millis now) {
  bool up = network_.state() == NetworkState::up;
  bool lost = network_up_ && (!up || network_.losses() != network_losses_);
  if (lost && state_ != State::waiting) lose(LossCause::network, "the network is down", now);
  if (up && (lost || !network_up_)) next_attempt_ = now;
  network_up_ = up;
  network_losses_ = network_.losses();
}

bool Connection::send(Text message) {
  if (state_ != State::open || !protocol_.send_text(message)) return false;
  flush();
  return true;
}

void Connection::close(uint16_t code, Text reason, Millis now) {
  if (state_ != State::open) return;
  protocol_.close(code, reason, now);
  flush();
  state_ = State::closing;
  close_code_ = 0;
  listener_->on_disconnected(now);
}

/// The time of the next attempt to connect.
Millis Connection::next_connect() const {
  const bool waits = time_wait_end_ > next_attempt_ && credentials_ != nullptr && credentials_->has_tls(url_.has_tls);
  return waits ? time_wait_end_ : next_attempt_;
}

Millis Connection::poll(Millis now) {
  if (now >= renew_at_) renew_now(now);
  if (state_ == State::unconfigured) return renew_at_;
  look_at_network(now);
  if (!network_up_) return renew_at_;
  if (state_ == State::waiting && now >= next_connect()) connect(now);
  if (state_ == State::connecting) {
    switch (tcp_.state(socket_)) {
      case TcpState::open:
        begin_handshake(now);
        break;
      case TcpState::closed:
        lose_tcp(now);
        break;
      case TcpState::securing:  // the port limits the time of the TLS handshake
        connect_deadline_ = kNever;
        break;
      case TcpState::connecting:
        if (now >= connect_deadline_) lose(LossCause::no_answer, "no answer to the connection attempt in time", now);
        break;
    }
  }
  bool more = false;
  if (judge_certificate(now)) return earlier(next_attempt_, renew_at_);
  if (state_ == State::opening || state_ == State::open || state_ == State::closing) more = pump(now);

  switch (state_) {
    case State::unconfigured:
      return renew_at_;
    case State::waiting:
      return earlier(next_connect(), renew_at_);
    case State::connecting:
      return earlier(connect_deadline_, renew_at_);
    default:
      return more ? now : earlier(protocol_.deadline(), renew_at_);
  }
}

void Connection::connect(Millis now) {
  confirmed_ = false;
  renew_at_ = kNever;
  problem_ = {};
  if (is_target_new_) {
    is_target_new_ = false;
    ++target_;
    if (!take_target()) {
      state_ = State::unconfigured;
      return;
    }
  }
  const TcpSecurity security = credentials_ != nullptr ? credentials_->security(url_.has_tls) : TcpSecurity{};
  must_judge_again_ = security.tls && !security.time.is_exact;
  judgement_ = TcpFailure::none;
  time_limit_s_ = 0;
  socket_ = tcp_.open(url_.host.text(), url_.port_for(security.tls), security);
  if (socket_ == Tcp::kNoSocket) {
    lose(LossCause::refused, "no free socket or no memory for one", now);
    return;
  }
  state_ = State::connecting;
  connect_deadline_ = now + kConnectTimeout;
  log_.info(kTag, "connecting to ", url_.authority.text(), url_.path.text(), security.tls ? " with TLS" : "");
}

void Connection::begin_handshake(Millis now) {
  state_ = State::opening;
  char bytes[Credentials::kMaxAuthorization];
  const Text login =
      credentials_ != nullptr ? credentials_->authorization(identity_.text(), Span<char>(bytes)) : Text();
  if (!protocol_.begin({url_.authority.text(), url_.path.text(), kSubprotocol, login}, limits_, now)) {
    lose(LossCause::refused, protocol_.close_reason(), now);
  }
}

bool Connection::certificate_holds_at(int64_t unix_s) {
  const TcpFailure failure = socket_ == Tcp::kNoSocket ? TcpFailure::none : tcp_.judge_certificate(socket_, unix_s);
  if (must_judge_again_) judgement_ = failure;
  must_judge_again_ = must_judge_again_ && failure != TcpFailure::none;
  return failure == TcpFailure::none;
}

/// Ends the connection if its certificate is not valid at a time that became known after the attempt began. If this is
/// known before the opening handshake is sent, the login is not sent.
bool Connection::judge_certificate(Millis now) {
  if (state_ != State::opening && state_ != State::open) return false;
  if (time_limit_s_ != 0 && must_judge_again_ &&
      tcp_.judge_certificate(socket_, time_limit_s_) == TcpFailure::certificate_expired) {
    judgement_ = TcpFailure::certificate_expired;
  }
  time_limit_s_ = 0;
  if (judgement_ == TcpFailure::none) return false;
  problem_.failure = judgement_;
  judgement_ = TcpFailure::none;
  lose(LossCause::tls, text_of(problem_.failure), now);
  return true;
}

void Connection::lose_tcp(Millis now) {
  problem_ = tcp_.problem(socket_);
  char bytes[128];
  TextWriter reason{Span<char>(bytes)};
  reason.append(text_of(problem_.failure == TcpFailure::none ? TcpFailure::unreachable : problem_.failure));
  if (problem_.failure == TcpFailure::no_memory) {
    reason.append_all(": ", problem_.needed, " bytes are needed, the largest block has ", problem_.largest);
  } else if (problem_.failure == TcpFailure::rejected_by_peer) {
    reason.append_all(" with alert ", problem_.code);
  } else if (problem_.failure == TcpFailure::protocol) {
    reason.append_all(" with error -0x", Hex{static_cast<uint64_t>(-problem_.code), 4});
  }
  const bool is_tls = problem_.failure != TcpFailure::none && problem_.failure != TcpFailure::unreachable;
  lose(is_tls ? LossCause::tls : LossCause::refused, reason.text(), now);
}

bool Connection::pump(Millis now) {
  flush();
  const bool more = receive(now);
  if (socket_ == Tcp::kNoSocket) return false;
  // After a delay of the loop a pong may be behind bytes that are not read yet. Do not check its deadline then: these
  // bytes show that the peer is alive.
  if (!(more && state_ == State::open)) handle(protocol_.poll(now), now);
  if (socket_ == Tcp::kNoSocket) return false;
  flush();
  if (tcp_.state(socket_) == TcpState::closed) lose(LossCause::peer, "the peer closed the connection", now);
  return more;
}

void Connection::flush() {
  while (true) {
    Bytes output = protocol_.output();
    if (output.empty()) return;
    size_t taken = tcp_.send(socket_, output);
    if (taken == 0) return;
    bytes_sent_ += taken;
    protocol_.output_sent(taken);
  }
}

bool Connection::receive(Millis now) {
  uint8_t chunk[kReceiveChunk];
  for (size_t chunks = 0; chunks < kMaxReceivedPerPoll / kReceiveChunk; ++chunks) {
    // Read no new requests while the output still has bytes to send, so that there is always room for an answer.
    if (socket_ == Tcp::kNoSocket || !protocol_.output().empty()) return false;
    Bytes bytes{chunk, tcp_.receive(socket_, chunk)};
    if (bytes.empty()) return false;
    bytes_received_ += bytes.length;
    while (!bytes.empty() && socket_ != Tcp::kNoSocket) {
      WsProtocol::Event event = WsProtocol::Event::none;
      bytes = bytes.after(protocol_.receive(bytes, now, event));
      handle(event, now);
    }
  }
  return true;
}

void Connection::handle(WsProtocol::Event event, Millis now) {
  switch (event) {
    case WsProtocol::Event::none:
      return;
    case WsProtocol::Event::opened:
      state_ = State::open;
      opened_at_ = now;
      ++connects_;
      problem_ = {};
      log_.info(kTag, "connected");
      listener_->on_connected(now);
      return;
    case WsProtocol::Event::message: {
      if (!protocol_.message_is_text()) {
        log_.warning(kTag, "a binary message was ignored: OCPP-J uses text");
        return;
      }
      Bytes bytes = protocol_.message();
      Text message{reinterpret_cast<const char*>(bytes.data), bytes.length};
      if (protocol_.message_is_cut()) {
        listener_->on_long_message(message, now);
      } else {
        listener_->on_message(message, now);
      }
      return;
    }
    case WsProtocol::Event::closed:
      flush();
      lose(cause_of_end(), protocol_.close_reason(), now);
      return;
  }
}

/// The cause of the loss, after the protocol has reported the end of the connection.
LossCause Connection::cause_of_end() const {
  if (state_ == State::opening) return protocol_.http_status() == 0 ? LossCause::no_answer : LossCause::refused;
  if (state_ == State::closing) return LossCause::renewed;
  if (protocol_.is_dead()) return LossCause::no_pong;
  return protocol_.is_failed() ? LossCause::renewed : LossCause::peer;
}

void Connection::lose(LossCause cause, Text reason, Millis now) {
  ++losses_[static_cast<size_t>(cause)];
  bool was_open = state_ == State::open;
  bool was_opening = state_ == State::opening;
  if (socket_ != Tcp::kNoSocket) tcp_.close(socket_);
  socket_ = Tcp::kNoSocket;
  if (confirmed_ && now - opened_at_ >= stable_after_) backoff_.reset();
  Millis wait = backoff_.next(rng_, backoff_initial_, backoff_max_);
  uint16_t status = protocol_.http_status();
  uint16_t code = protocol_.close_code();
  close_code_ = cause == LossCause::peer || protocol_.is_failed() ? code : 0;
  const bool was_refused = was_opening && status != 0 && status != 101;
  // The wait is added to the backoff, whose jitter spreads devices that were refused at the same time.
  if (was_refused) wait += earlier(Millis{1000} * protocol_.retry_after_s(), kMaxRetryAfter);
  next_attempt_ = now + wait;
  state_ = State::waiting;
  if (was_refused) {
    const Text location = protocol_.location();
    if (protocol_.location_may_have_user()) {
      log_.warning(kTag, "the server redirects to a URL with a user");
    } else if (!location.empty()) {
      log_.warning(kTag, "the server redirects to '", location, "': set csms_url to follow it");
    }
    log_.warning(kTag, reason, " (HTTP ", status, "); next attempt in ", wait, " ms");
  } else if (was_open && code != 0) {
    log_.warning(kTag, "lost: ", reason.empty() ? Text("closed by the peer") : reason, " (", code,
                 "); next attempt in ", wait, " ms");
  } else {
    log_.warning(kTag, reason, "; next attempt in ", wait, " ms");
  }
  if (was_open) listener_->on_disconnected(now);
}

}  // namespace pb
