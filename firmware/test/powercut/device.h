#pragma once

#include <memory>
#include <string>

#include "app/app.h"
#include "powercut/world.h"
#include "support/fake_clock.h"
#include "support/fake_edges.h"
#include "support/fake_gpio.h"
#include "support/fake_interlock.h"
#include "support/fake_network.h"
#include "support/fake_rng.h"
#include "support/fake_secrets.h"
#include "support/fake_system.h"
#include "support/fake_tcp.h"
#include "support/fake_uart.h"
#include "support/fake_waker.h"
#include "support/fake_worker.h"
#include "support/ws_peer.h"

namespace pb::powercut {

/// What the console's `status` says.
struct Status {
  bool answered = false;
  bool accepted = false;
  bool transaction_open = false;
  uint64_t energy_wh = 0;
  uint64_t queue = 0;
};

/// The device, and the hands of whoever operates it. After a power cut every method returns at once and has no effect,
/// so a scenario is a plain function that runs to its end.
class Device {
 public:
  explicit Device(World& world) : world_(world) {}
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { power_off(); }

  World& world() { return world_; }
  bool alive() const { return life_ != nullptr && !world_.flash.dead(); }

  /// Starts the device; one that runs loses its power first, between two flash operations.
  void power_on(ResetReason reason = ResetReason::power_on);
  /// Lets the code unwind where the power was cut, and takes the device away.
  void power_off();

  void run_for(Millis duration);
  /// Runs until the device has nothing left to do. @return false when it was cut, or was still busy after the limit,
  /// which is a violation.
  bool settle();
  template <class Predicate>
  bool run_until(Predicate done, Millis limit) {
    for (const Millis end = uptime() + limit; alive() && uptime() < end; round(end)) {
      if (done()) return true;
    }
    return alive() && done();
  }

  /// Types a line on the console. @return the answer, empty when there was none.
  std::string command(const std::string& line);
  Status status();
  /// Sets a setting by the console.
  void set(const std::string& key, const std::string& value);
  /// A request of the CSMS. @return the payload of the answer, empty when there was none.
  std::string call(const std::string& action, const std::string& payload);
  /// As call(), for a request that changes what is stored under `key`.
  void call_to_store(const std::string& action, const std::string& payload, const std::string& key,
                     const std::string& value);

  void plug(bool in);
  void vehicle(bool ready);
  void press_button();
  /// Energy flows, if the contactor lets it: 5 Wh each half second.
  void charge(int half_seconds);
  void set_reachable(bool reachable);
  /// The CSMS sends the answer that it has kept back.
  void answer_late();
  /// Sessions that begin from now on are of this idTag.
  void session(const std::string& id_tag) { world_.id_tag = id_tag; }
  bool contactor_closed() const { return alive() && life_->gpio.read(pins::kContactor); }

  /// What the console has shown since the device was made, when wanted.
  bool keep_console = false;
  const std::string& console() const { return console_; }

 private:
  /// From one start to the next.
  struct Life {
    FakeClock clock;
    FakeRng rng;
    FakeGpio gpio;
    FakeUart uart;
    FakeNetwork network;
    FakeTcp tcp;
    FakeSecrets secrets;
    FakeHeap heap;
    FakeWorker worker;
    FakeWaker waker{clock};
    FakeInterlock interlock{gpio, waker};
    FakeEdges edges{gpio, clock, waker};
    FakeSystem system;
    WsPeer csms{tcp};
    int opens = 0;
    bool upgraded = false;
    std::unique_ptr<App> app;

    explicit Life(uint32_t seed) : rng(seed) {}
  };
  /// A request that changes what is stored, until it is answered.
  struct Change {
    std::string id;
    std::string key;
    std::string value;
  };

  Millis uptime() const { return life_ == nullptr ? 0 : life_->clock.now(); }
  void round(Millis limit);
  bool serve();
  bool serve_network();
  bool take_messages(bool deliver);
  void take_console();
  void on_power_cut();
  void advance(Millis duration);
  bool quiet() const { return uptime() - active_at_ >= kQuiet; }

  static constexpr Millis kQuiet = 600;
  /// A device that is not done with the flash by then never will be.
  static constexpr uint64_t kMostOperations = 100;
  static constexpr Millis kSettleLimit = 30'000;
  static constexpr Millis kAnswerLimit = 20'000;

  World& world_;
  std::unique_ptr<Life> life_;
  Millis active_at_ = 0;
  uint64_t operations_ = 0;  // of the flash, when it was looked at last
  std::string line_;
  std::string answer_;
  Change typed_;  // by the console
  Change asked_;  // by the CSMS
  std::string console_;
};

}  // namespace pb::powercut
