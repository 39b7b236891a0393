#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/app.h"
#include "port/posix/ota_data.h"
#include "port/posix/slot_updates.h"
#include "powercut/tls_tcp.h"
#include "powercut/world.h"
#include "support/fake_clock.h"
#include "support/fake_edges.h"
#include "support/fake_gpio.h"
#include "support/fake_interlock.h"
#include "support/fake_network.h"
#include "support/fake_power.h"
#include "support/fake_retained_ram.h"
#include "support/fake_rng.h"
#include "support/fake_sntp.h"
#include "support/fake_system.h"
#include "support/fake_tcp.h"
#include "support/fake_uart.h"
#include "support/fake_udp.h"
#include "support/fake_waker.h"
#include "support/fake_worker.h"
#include "support/ws_peer.h"

namespace pb::powercut {

/// The parts of the console's `status`.
struct Status {
  bool answered = false;
  bool accepted = false;
  bool transaction_open = false;
  uint64_t energy_wh = 0;
  uint64_t queue = 0;
};

/// The device and the actions of its users. After a power cut every method returns at once without effect, so a
/// scenario is a plain function that runs to its end.
class Device {
 public:
  explicit Device(World& world) : world_(world) {}
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { power_off(); }

  World& world() { return world_; }
  bool alive() const { return life_ != nullptr && !world_.flash.dead(); }

  /// Starts the device; a running one loses its power first, between two flash operations.
  void power_on(ResetReason reason = ResetReason::power_on);
  /// Lets the code return after the power cut, and destroys the device.
  void power_off();

  void run_for(Millis duration);
  /// Runs until the device is idle. @return false when the power was cut, or when the device is still busy after the
  /// limit, which is a violation.
  bool settle();
  template <class Predicate>
  bool run_until(Predicate done, Millis limit) {
    for (const Millis end = uptime() + limit; alive() && uptime() < end; round(end)) {
      if (done()) return true;
    }
    return alive() && done();
  }

  /// Types a line on the console. @return the answer; empty if there is none.
  std::string command(const std::string& line);
  Status status();
  /// Changes a setting on the console.
  void set(const std::string& key, const std::string& value);
  /// Sends a request of the CSMS. @return the payload of the answer; empty if there is no answer.
  std::string call(const std::string& action, const std::string& payload);
  /// As call(), for a request that changes the stored value of `key`.
  void call_to_store(const std::string& action, const std::string& payload, const std::string& key,
                     const std::string& value);

  /// The password of the page that the device has printed last.
  const std::string& first_password() const { return password_; }
  /// Sends a request to the device's page. @param bytes of the request that arrive before the connection is lost; by
  /// default all arrive, and the connection stays  @return the answer; empty if there is none
  std::string browse(const std::string& request, size_t bytes = std::string::npos);

  /// Logs a numbered note of 250 bytes, and has it written to flash.
  void note();
  /// Reads the log from flash, and compares its notes with the acknowledged ones.
  void check_log();

  /// Whether the image has a boot to be confirmed in.
  bool image_on_trial() const { return alive() && life_->system.on_trial; }

  /// Verifies that the device uses no other socket than that of its CSMS.
  void check_sockets();
  /// Verifies that the device connects to its CSMS, is accepted, and becomes idle.
  void check_connection();

  /// Restarts the device with one flipped bit in a stored file, as a worn flash returns it.
  void damage(const char* file);

  void plug(bool in);
  void vehicle(bool ready);
  void press_button();
  /// Lets energy flow if the contactor is closed: 5 Wh per half second.
  void charge(int half_seconds);
  /// Lets the mains power fail; the hold-up capacitor feeds the device until power_off().
  void fail_mains();
  void set_reachable(bool reachable);
  /// Lets the CSMS request a long answer and read nothing more, so that the output of the connection is full.
  void stop_reading();
  void read_again();
  /// Sends the answer that the CSMS has withheld.
  void answer_late();
  /// Sets the idTag of later sessions.
  void session(const std::string& id_tag) { world_.id_tag = id_tag; }
  bool contactor_closed() const { return alive() && life_->gpio.read(pins::kContactor); }

  /// The output of the console since the device was created, if it is recorded.
  bool keep_console = false;
  const std::string& console() const { return console_; }

 private:
  /// The fakes of one boot.
  struct Life {
    FakeClock clock;
    FakeRng rng;
    FakeGpio gpio;
    FakeUart uart;
    FakeNetwork network;
    FakeTcp tcp;
    FailingTcp failing_tcp;
    TlsTcp tls;
    FakeHeap heap;
    FakeWorker worker;
    FakeWaker waker{clock};
    FakeInterlock interlock{gpio, waker};
    FakeEdges edges{gpio, clock, waker};
    FakeSystem system;
    FakePower power;
    FakeUdp udp;
    FakeSntp sntp;
    WsPeer csms{tcp};
    int opens = 0;
    bool upgraded = false;
    RamFlashPart schemas_0;
    RamFlashPart schemas_1;
    RamFlashPart otadata;
    RamFlashPart slot_0;
    RamFlashPart slot_1;
    posix::SlotUpdates updates;
    std::unique_ptr<App> app;

    Life(World& world, uint32_t seed)
        : rng(seed),
          failing_tcp(tcp, world.network),
          tls(failing_tcp, tcp, clock, rng, world),
          schemas_0(world.part(World::kSchemas[0], World::kSlotSectors)),
          schemas_1(world.part(World::kSchemas[1], World::kSlotSectors)),
          otadata(world.part(World::kOtaData, World::kOtaDataSectors)),
          slot_0(world.part(World::kSlots[0], World::kSlotSectors)),
          slot_1(world.part(World::kSlots[1], World::kSlotSectors)),
          updates(slot_0, slot_1, otadata) {}
  };
  /// A pending request that changes a stored value.
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
  void check_energy_of_failure();
  void on_power_cut();
  void advance(Millis duration);
  FakeTcp::Peer& csms_end() { return life_->tcp.peer(life_->tcp.last_opened); }
  /// Whether the device is connected to the CSMS.
  bool is_connected() { return alive() && life_->upgraded && csms_end().state == TcpState::open; }
  bool quiet() const { return uptime() - active_at_ >= kQuiet; }

  static constexpr Millis kQuiet = 600;
  static constexpr Millis kSettleLimit = 30'000;
  static constexpr Millis kAnswerLimit = 20'000;

  World& world_;
  FakeRetainedRam retained_;  ///< survives a restart by software only
  std::unique_ptr<Life> life_;
  Millis active_at_ = 0;
  uint64_t operations_ = 0;  // of the flash, at the last check
  std::string line_;
  std::string answer_;
  std::vector<uint32_t> notes_;   ///< that the device has printed from its log since the last command
  bool log_has_failure_ = false;  ///< the printed log has the failure of the mains power
  uint32_t flushing_ = 0;         ///< the note of the pending `log flush`
  std::string password_;
  Change console_change_;  // on the console
  Change csms_change_;     // from the CSMS
  std::string console_;
};

}  // namespace pb::powercut
