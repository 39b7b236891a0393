#pragma once

#include <memory>

#include "port/clock.h"
#include "port/rng.h"
#include "powercut/world.h"
#include "support/fake_tcp.h"

namespace pb::powercut {

/// The certificate of the CSMS, by which a device trusts it. The name in it is `csms.example`.
const std::string& csms_certificate();

/// A Tcp with the device's own TLS. The peers of the FakeTcp below send and receive the content: the server's end of
/// TLS is here too. Allocations of the device fail as `World::memory` says. A block that is left after the end of the
/// last connection is a violation, and so are bytes without TLS.
class TlsTcp final : public Tcp {
 public:
  /// @param below the device's sockets without TLS, on `peers`
  TlsTcp(Tcp& below, FakeTcp& peers, const Clock& clock, Rng& rng, World& world);
  ~TlsTcp();
  TlsTcp(const TlsTcp&) = delete;
  TlsTcp& operator=(const TlsTcp&) = delete;

  /// Whether a handshake is under way, which needs the loop although nothing else happens.
  bool is_securing() const;

  int open(Text host, uint16_t port, const TcpSecurity& security) override;
  TcpState state(int socket) override;
  TcpProblem problem(int socket) const override;
  TcpFailure judge_certificate(int socket, int64_t unix_s) const override;
  size_t send(int socket, Bytes bytes) override;
  size_t receive(int socket, MutableBytes into) override;
  bool delivered(int socket) override { return below_.delivered(socket); }
  void close(int socket) override;
  bool listen(uint16_t port) override { return below_.listen(port); }
  void stop_listening() override { below_.stop_listening(); }
  int accept_next() override { return below_.accept_next(); }
  size_t sockets_in_use() const override { return below_.sockets_in_use(); }

 private:
  /// A connection with TLS.
  struct Tunnel;

  Tunnel* tunnel(int socket) const;

  Tcp& below_;
  FakeTcp& peers_;
  const Clock& clock_;
  Rng& rng_;
  World& world_;
  std::unique_ptr<Tunnel> tunnels_[FakeTcp::kSockets];
};

}  // namespace pb::powercut
