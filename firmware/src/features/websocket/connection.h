#pragma once

#include "features/logging/logger.h"
#include "features/websocket/credentials.h"
#include "features/websocket/csms_url.h"
#include "features/websocket/protocol.h"
#include "port/network.h"
#include "port/tcp.h"
#include "runtime/backoff.h"
#include "runtime/feature.h"

namespace pb {

struct ConnectionSettings {
  Text url;  ///< borrowed: it and the identity outlive the connection
  Text identity;
  Millis ping_interval = 10'000;
  Millis backoff_initial = 1'000;
  Millis backoff_max = 120'000;
  /// How long an accepted connection must last, so that the pause after its loss starts again with backoff_initial.
  Millis stable_after = 60'000;
  size_t longest_message = WsProtocol::kMaxMessage;  ///< in bytes; the rest of a longer one is skipped
};

/// Why connections and attempts to connect have ended.
enum class LossCause : uint8_t {
  network,    ///< the link below
  peer,       ///< a Close frame, or the end of the TCP connection
  no_pong,    ///< a ping without an answer
  no_answer,  ///< an attempt that ran into its deadline
  refused,    ///< TCP or the WebSocket handshake
  tls,
  renewed,  ///< ended by this device, for changed settings or after a protocol error
};
constexpr size_t kLossCauses = 7;
constexpr const char* kLossNames[kLossCauses] = {"network", "peer", "no_pong", "no_answer",
                                                 "refused", "tls",  "renewed"};

/// The user of the connection. Called inside Connection::poll.
class ConnectionListener {
 public:
  virtual void on_connected(Millis now) = 0;
  /// One text message; it is valid during the call.
  virtual void on_message(Text message, Millis now) = 0;
  /// A text message of more than the configured bytes has come: only its beginning was kept, cut anywhere.
  virtual void on_long_message(Text beginning, Millis now) = 0;
  virtual void on_disconnected(Millis now) = 0;

 protected:
  ~ConnectionListener() = default;
};

/// Keeps one WebSocket to the CSMS. After each loss it reconnects, with exponential backoff.
class Connection final : public Feature {
 public:
  static constexpr Millis kConnectTimeout = 15'000;
  /// Time to send the answer to the change, and to receive a change of another setting.
  static constexpr Millis kRenewDelay = 1'000;
  /// The longest pause by a server's Retry-After: a wrong Retry-After must not keep the device away for days.
  static constexpr Millis kMaxRetryAfter = 3'600'000;
  static constexpr Text kSubprotocol = "ocpp1.6";
  /// The most bytes that one poll reads: a peer that sends faster than this end can read must not starve the other
  /// features and the watchdog.
  static constexpr size_t kMaxReceivedPerPoll = 4096;

  Connection(Tcp& tcp, Network& network, Rng& rng, Logger& log)
      : tcp_(tcp), network_(network), rng_(rng), log_(log), protocol_(rng) {}

  /// Must be called once before the first poll. Settings that cannot work are logged, and no connection is tried.
  void configure(const ConnectionSettings& settings);
  /// Connects to another CSMS, or under another identity, from the next connection on, which is made as by renew().
  void retarget(Text url, Text identity, Millis now);
  /// Counts the changes of retarget() that have taken effect: a connection with another number is to another CSMS.
  uint32_t target() const { return target_; }
  void set_listener(ConnectionListener& listener) { listener_ = &listener; }
  /// Without credentials the connection has no TLS (even for `wss://`) and no login.
  void set_credentials(Credentials& credentials) { credentials_ = &credentials; }
  /// The CSMS has accepted the device, so the connection can become stable (ConnectionSettings::stable_after).
  void confirm() { confirmed_ = true; }
  /// Validates the certificate of this connection at a time that the CSMS has sent. If the certificate is not valid
  /// then, and was validated before only with a lower limit of the time, the connection is closed: either certificate
  /// or time may be wrong. @return false if the certificate is not valid: with that time the device would trust no
  /// later connection
  bool certificate_holds_at(int64_t unix_s);
  /// Validates the certificate of this connection with a better lower limit of the time. If the certificate was
  /// validated only with a lower limit before, and had expired by `unix_s`, the connection is closed.
  void raise_time_limit(int64_t unix_s) {
    time_limit_s_ = unix_s;
    time_wait_end_ = 0;
  }
  /// Defers the next connection with TLS until `until`, or until raise_time_limit(), because a time server is being
  /// asked for the time.
  void wait_for_time(Millis until) { time_wait_end_ = until; }

  bool connected() const { return state_ == State::open; }
  /// Whether an attempt to connect is in progress, up to the answer to the opening handshake.
  bool is_connecting() const { return state_ == State::connecting || state_ == State::opening; }
  /// @return false, with nothing sent, when not connected or while the output is full.
  bool send(Text message);
  /// Sends a close frame and connects again after the pause.
  void close(uint16_t code, Text reason, Millis now);
  /// Reconnects after kRenewDelay, when answers have been sent: the protection of the connection has changed.
  void renew(Millis now) { renew_at_ = now + kRenewDelay; }
  /// Whether there is a connection, made with the present settings.
  bool is_current() const { return state_ == State::open && renew_at_ == kNever; }
  /// The TLS problem of the last attempt. `none` while there is a connection, and after an attempt that failed for
  /// another reason.
  const TcpProblem& problem() const { return problem_; }

  /// The code of the Close frame that has ended the last connection: that of the peer (kNoStatus for a frame without a
  /// code), or that for a protocol error of the peer. 0 if the connection has ended in another way.
  uint16_t close_code() const { return close_code_; }

  /// How often a WebSocket was opened since the start.
  uint32_t connects() const { return connects_; }
  /// Whether the peer has acknowledged all that was sent; also true if there is no connection left to wait for.
  bool delivered() { return socket_ == Tcp::kNoSocket || (protocol_.output().empty() && tcp_.delivered(socket_)); }
  /// Sockets in use: 0 or 1.
  uint32_t sockets() const { return socket_ == Tcp::kNoSocket ? 0 : 1; }

  /// Connections and attempts that have ended since the start, by cause.
  uint32_t losses(LossCause cause) const { return losses_[static_cast<size_t>(cause)]; }
  /// Bytes of WebSocket, without TLS and TCP.
  uint64_t bytes_received() const { return bytes_received_; }
  uint64_t bytes_sent() const { return bytes_sent_; }
  const WsProtocol& protocol() const { return protocol_; }

  const char* name() const override { return "websocket"; }
  Millis poll(Millis now) override;

 private:
  enum class State : uint8_t { unconfigured, waiting, connecting, opening, open, closing };

  void look_at_network(Millis now);
  bool take_target();
  void renew_now(Millis now);
  Millis next_connect() const;
  void connect(Millis now);
  /// @return whether the connection was closed because of the certificate.
  bool judge_certificate(Millis now);
  void lose_tcp(Millis now);
  void begin_handshake(Millis now);
  /// @return whether the peer may have sent more than was read.
  bool pump(Millis now);
  void flush();
  bool receive(Millis now);
  void handle(WsProtocol::Event event, Millis now);
  LossCause cause_of_end() const;
  void lose(LossCause cause, Text reason, Millis now);

  Tcp& tcp_;
  Network& network_;
  Rng& rng_;
  Logger& log_;
  WsProtocol protocol_;
  Backoff backoff_;
  ConnectionListener* listener_ = nullptr;
  Credentials* credentials_ = nullptr;
  Text wanted_url_;  ///< belongs to the settings, which outlive the connection
  Text wanted_identity_;
  bool is_target_new_ = false;
  uint32_t target_ = 0;
  CsmsUrl url_;
  FixedText<4 * CsmsUrl::kMaxIdentity> identity_;
  WsLimits limits_;
  Millis backoff_initial_ = 0;
  Millis backoff_max_ = 0;
  Millis stable_after_ = 0;

  State state_ = State::unconfigured;
  bool network_up_ = false;
  uint32_t network_losses_ = 0;
  bool confirmed_ = false;
  int socket_ = Tcp::kNoSocket;
  Millis next_attempt_ = 0;
  Millis connect_deadline_ = kNever;
  Millis opened_at_ = 0;
  uint32_t connects_ = 0;
  uint32_t losses_[kLossCauses] = {};
  uint64_t bytes_received_ = 0;
  uint64_t bytes_sent_ = 0;
  Millis renew_at_ = kNever;
  uint16_t close_code_ = 0;
  TcpProblem problem_;
  bool must_judge_again_ = false;  ///< the certificate was judged by a time that is only a lower limit
  Millis time_wait_end_ = 0;
  int64_t time_limit_s_ = 0;                 ///< a better limit than that of the attempt; 0: none
  TcpFailure judgement_ = TcpFailure::none;  ///< the result for the certificate at a time that has come since
};

}  // namespace pb
