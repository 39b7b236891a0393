// A TLS connection in which the Nth allocation fails: it reports the reason, and frees all its memory.
#include <stdlib.h>

#include "port/mbedtls/secured_socket.h"
#include "support/check.h"
#include "support/fake_clock.h"
#include "support/fake_rng.h"
#include "support/fake_secrets.h"
#include "tls_server.h"

using namespace pb;
using namespace pb::mbedtls;

void setUp() {}
void tearDown() {}

namespace {

/// Counts the allocations of the client, and refuses one of them. The library has one memory for client and server.
class CountingMemory final : public TlsMemory {
 public:
  CountingMemory() { install(*this); }

  /// Whether the calls are the client's.
  bool is_client = false;
  uint64_t allocations = 0;
  /// The number of the refused allocation; 0: none is.
  uint64_t refused = 0;
  size_t blocks = 0;

  void* allocate_zeroed(size_t size) override {
    if (is_client && ++allocations == refused) return nullptr;
    if (is_client) ++blocks;
    return calloc(1, size);
  }
  void release(void* memory) override {
    if (is_client && memory != nullptr) --blocks;
    free(memory);
  }
  size_t largest_block() const override { return 1000; }
};

/// The client's end of the connection.
class Client final : public SecuredSocket {
 public:
  explicit Client(TlsServer& server) : server_(server) {}

  bool is_hung_up = false;

  int send_bytes(Bytes bytes) override {
    server_.from_client.append(reinterpret_cast<const char*>(bytes.data), bytes.length);
    return static_cast<int>(bytes.length);
  }
  int receive_bytes(MutableBytes into) override {
    if (server_.to_client.empty()) return kLater;
    const size_t count = server_.to_client.copy(reinterpret_cast<char*>(into.data), into.length);
    server_.to_client.erase(0, count);
    return static_cast<int>(count);
  }
  void hang_up() override { is_hung_up = true; }

 private:
  TlsServer& server_;
};

struct Rig {
  CountingMemory memory;
  ServerIdentity identity;
  FakeClock clock;
  FakeSecrets secrets;
  FakeRng rng;
  TcpProblem problem;
  bool was_hung_up = false;

  Rig() { secrets.write(secret::kRoot, Text(identity.der().data(), identity.der().size()).bytes()); }

  /// Connects, sends a message, and ends the connection. @return the answer; empty if the connection has failed
  std::string exchange(const std::string& message) {
    constexpr int kSteps = 5'000;
    TlsServer server(identity);
    Client client(server);
    const TlsParts parts{clock, memory, secrets, rng};
    std::string answer;
    size_t sent = 0;
    client.begin({true, false, {1'800'000'000, true}});
    memory.is_client = true;
    client.connected("csms.example", parts);
    for (int i = 0; i < kSteps && client.state() != TcpState::closed && answer.size() < message.size(); ++i) {
      memory.is_client = false;
      server.send(server.receive());
      memory.is_client = true;
      if (client.state() == TcpState::securing) {
        client.step(parts);
        continue;
      }
      if (client.state() != TcpState::open) continue;
      const std::string rest = message.substr(sent);
      if (!rest.empty()) sent += client.send(Text(rest.data(), rest.size()).bytes());
      uint8_t bytes[256];
      answer.append(reinterpret_cast<const char*>(bytes), client.receive(bytes));
    }
    problem = client.problem();
    was_hung_up = client.is_hung_up;
    client.send_close_notify();
    client.end();
    client.free(memory);
    memory.is_client = false;
    return answer.size() == message.size() ? answer : "";
  }
};

/// Each of the first kEach allocations is refused in a run of its own, and about kOthers of the later ones.
constexpr uint64_t kEach = 100;
constexpr uint64_t kOthers = 500;

const std::string kMessage = R"([2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}])";

void each_refused_allocation_ends_the_connection_with_its_reason_and_leaves_nothing() {
  Rig rig;
  TEST_ASSERT_EQUAL_STRING(kMessage.c_str(), rig.exchange(kMessage).c_str());
  TEST_ASSERT_EQUAL_size_t(0, rig.memory.blocks);
  const uint64_t allocations = rig.memory.allocations;
  TEST_ASSERT_GREATER_THAN_UINT64(kEach, allocations);
  // Nearly all allocations are numbers of the elliptic curve, made by one function: a part of them is enough.
  const uint64_t step = allocations / kOthers + 1;
  const std::string figures = std::to_string(allocations) + " allocations";
  TEST_MESSAGE(figures.c_str());
  for (uint64_t refused = 1; refused <= allocations; refused += refused < kEach ? 1 : step) {
    const std::string which = "allocation " + std::to_string(refused);
    rig.memory.allocations = 0;
    rig.memory.refused = refused;
    TEST_ASSERT_EQUAL_STRING_MESSAGE("", rig.exchange(kMessage).c_str(), which.c_str());
    TEST_ASSERT_EQUAL_STRING_MESSAGE("no_memory", name_of(rig.problem.failure), which.c_str());
    TEST_ASSERT_TRUE_MESSAGE(rig.was_hung_up, which.c_str());
    TEST_ASSERT_EQUAL_size_t_MESSAGE(0, rig.memory.blocks, which.c_str());
  }
  rig.memory.refused = 0;
  TEST_ASSERT_EQUAL_STRING(kMessage.c_str(), rig.exchange(kMessage).c_str());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(each_refused_allocation_ends_the_connection_with_its_reason_and_leaves_nothing);
  return UNITY_END();
}
