#include <unity.h>

#include <string>
#include <vector>

#include "features/charging/charging.h"
#include "support/fake_clock.h"
#include "support/fake_gpio.h"
#include "support/fake_rng.h"
#include "support/fake_storage.h"
#include "support/fake_uart.h"
#include "support/fake_waker.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

struct Rig final : ChargingListener {
  FakeClock clock;
  FakeUart uart;
  Logger log{clock, uart};
  FakeGpio gpio;
  FakeWaker waker{clock};
  FakeRng rng;
  FakeStorage storage;
  TimeSync time{clock, storage};
  Transactions transactions{storage, time, rng, log};
  Safety safety;
  Board board{gpio};
  InputEvents events{gpio, clock, waker};
  Settings settings;
  Charging charging;

  std::vector<std::string> happened;  // statuses and idTags, in order
  bool answer_at_once = true;
  bool accept = true;
  const char* parent = "";  // of the idTag that is presented

  Rig()
      : safety((gpio.drive(pins::kEmergencyStop, false), gpio), waker),
        charging(board, safety, events, transactions, settings, log) {
    settings.local_id_tag.assign("LOCAL");
    charging.set_listener(*this);
    charging.start();
    clock.advance(1000);
    poll();
    happened.clear();
  }
  void on_status(ConnectorStatus status, Millis) override { happened.push_back(name_of(status)); }
  void on_id_tag(Text id_tag, Millis now) override {
    happened.push_back("idTag " + std::string(id_tag.data, id_tag.length));
    if (answer_at_once) charging.authorized(accept, parent, now);
  }

  Millis poll() {
    charging.poll(clock.now());
    Millis due = charging.poll(clock.now());
    for (int i = 0; i < 20; ++i) {
      transactions.poll(clock.now());
      if (!storage.run_one()) break;
    }
    return due;
  }
  void set(int pin, bool level) {
    gpio.drive(pin, level);
    poll();
  }
  void press() {
    clock.advance(100);
    gpio.drive(pins::kAuthButton, true);
    gpio.drive(pins::kAuthButton, false);
    poll();
  }
  void pass(Millis duration) {
    clock.advance(duration);
    poll();
  }
  void start_charging() {
    set(pins::kVehicleReady, true);
    set(pins::kCable, true);
    press();
    TEST_ASSERT_TRUE(transactions.open());
    happened.clear();
  }
  bool contactor() { return gpio.read(pins::kContactor); }
  bool locked() { return gpio.read(pins::kLock); }

  /// @param expected what happened since the last look, separated by commas
  void assert_happened(const char* expected) {
    std::string all;
    for (const std::string& one : happened) all += (all.empty() ? "" : ", ") + one;
    happened.clear();
    TEST_ASSERT_EQUAL_STRING(expected, all.c_str());
  }
  /// The last transaction record on flash.
  Record last_record() {
    Record record;
    for (const auto& file : storage.files) {
      if (file.first.compare(0, 3, "tx-") != 0) continue;
      TEST_ASSERT_TRUE(record.decode({reinterpret_cast<const uint8_t*>(file.second.data()), file.second.size()}));
    }
    return record;
  }
  void assert_stopped(StopReason reason) {
    TEST_ASSERT_FALSE(transactions.open());
    TEST_ASSERT_FALSE(contactor());
    TEST_ASSERT_FALSE(locked());
    Record record = last_record();
    TEST_ASSERT_EQUAL(Record::Type::stop, record.type);
    TEST_ASSERT_EQUAL(reason, record.reason);
  }
};

void charge_from_plug_to_unplug() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.assert_happened("Preparing");
  rig.press();
  rig.assert_happened("idTag LOCAL, SuspendedEV");
  TEST_ASSERT_TRUE(rig.locked());
  TEST_ASSERT_FALSE_MESSAGE(rig.contactor(), "closed before the vehicle is ready");
  rig.set(pins::kVehicleReady, true);
  rig.assert_happened("Charging");
  TEST_ASSERT_TRUE(rig.contactor());
  rig.set(pins::kVehicleReady, false);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_FALSE(rig.contactor());
  rig.set(pins::kVehicleReady, true);
  rig.press();
  rig.assert_happened("Charging, Finishing");
  rig.assert_stopped(StopReason::local);
  TEST_ASSERT_EQUAL_STRING("LOCAL", rig.last_record().id_tag.c_str());
  rig.set(pins::kCable, false);
  rig.assert_happened("Available");
}

void tag_before_the_cable_waits_until_the_connection_time_out() {
  Rig rig;
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL");
  rig.pass(59'999);
  rig.assert_happened("");
  rig.pass(1);
  rig.assert_happened("Available");
  rig.set(pins::kCable, true);
  rig.assert_happened("Preparing");
  TEST_ASSERT_FALSE(rig.transactions.open());
  rig.set(pins::kCable, false);
  rig.happened.clear();
  rig.press();
  rig.pass(30'000);
  rig.set(pins::kCable, true);
  rig.assert_happened("Preparing, idTag LOCAL, SuspendedEV");
  TEST_ASSERT_TRUE(rig.transactions.open());
}

void tag_that_is_not_accepted_starts_nothing() {
  Rig rig;
  rig.accept = false;
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL, Available");
  rig.set(pins::kCable, true);
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL");
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void answer_that_comes_later_or_not_at_all() {
  Rig rig;
  rig.answer_at_once = false;
  rig.set(pins::kCable, true);
  rig.press();
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL");
  rig.charging.authorized(true, "", rig.clock.now());
  rig.poll();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.charging.authorized(true, "", rig.clock.now());  // an answer to nothing
  rig.poll();
  rig.assert_happened("SuspendedEV");
}

void bouncing_button_is_one_press() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.clock.advance(InputEvents::kDebounce - 1);
  rig.gpio.drive(pins::kAuthButton, true);
  rig.gpio.drive(pins::kAuthButton, false);
  rig.poll();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.press();
  TEST_ASSERT_FALSE(rig.transactions.open());
}

// Two presses that the loop sees late and close together are two presses all the same.
void loop_that_comes_late_makes_no_bounce_of_a_press() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.clock.advance(100);
  rig.gpio.pulse(pins::kAuthButton);
  rig.clock.advance(InputEvents::kDebounce);
  rig.poll();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.gpio.pulse(pins::kAuthButton);
  rig.poll();
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void button_without_id_tag_says_what_is_missing() {
  Rig rig;
  rig.settings.local_id_tag.clear();
  rig.press();
  rig.assert_happened("");
  TEST_ASSERT_TRUE(rig.uart.wrote("local_id_tag is not set"));
}

void unplugging_ends_the_transaction() {
  Rig rig;
  rig.start_charging();
  rig.set(pins::kCable, false);
  rig.assert_stopped(StopReason::ev_disconnected);
  rig.assert_happened("Available");
}

void emergency_stop_ends_everything_until_released() {
  Rig rig;
  rig.start_charging();
  rig.gpio.drive(pins::kEmergencyStop, true);
  TEST_ASSERT_FALSE_MESSAGE(rig.contactor(), "the interrupt handler opens it, not the loop");
  rig.poll();
  rig.assert_stopped(StopReason::emergency_stop);
  rig.assert_happened("Faulted");
  TEST_ASSERT_EQUAL_STRING_LEN("OtherError", rig.charging.error_code().data, 10);
  rig.press();
  TEST_ASSERT_FALSE(rig.charging.remote_start("R", rig.clock.now()));
  rig.assert_happened("");
  rig.set(pins::kEmergencyStop, false);
  rig.assert_happened("Finishing");
  TEST_ASSERT_FALSE(rig.contactor());
}

void emergency_stop_shorter_than_a_round_counts() {
  Rig rig;
  rig.start_charging();
  rig.gpio.drive(pins::kEmergencyStop, true);
  rig.gpio.drive(pins::kEmergencyStop, false);
  rig.poll();
  rig.assert_stopped(StopReason::emergency_stop);
  rig.assert_happened("Faulted, Finishing");
}

void authorization_is_forgotten_at_an_emergency_stop() {
  Rig rig;
  rig.press();
  rig.set(pins::kEmergencyStop, true);
  rig.set(pins::kEmergencyStop, false);
  rig.set(pins::kCable, true);
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void after_finishing_a_tag_starts_again() {
  Rig rig;
  rig.start_charging();
  rig.press();
  rig.assert_happened("Finishing");
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
  TEST_ASSERT_TRUE(rig.transactions.open());
}

void remote_start_and_stop() {
  Rig rig;
  TEST_ASSERT_TRUE(rig.charging.remote_start("REMOTE", rig.clock.now()));
  TEST_ASSERT_FALSE_MESSAGE(rig.charging.remote_start("OTHER", rig.clock.now()), "one waits already");
  rig.poll();
  rig.assert_happened("Preparing");
  rig.set(pins::kCable, true);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_EQUAL_STRING("REMOTE", rig.last_record().id_tag.c_str());
  TEST_ASSERT_FALSE(rig.charging.remote_start("OTHER", rig.clock.now()));
  TEST_ASSERT_FALSE_MESSAGE(rig.charging.remote_stop(0, rig.clock.now()), "it has no id yet");
  rig.press();
  TEST_ASSERT_TRUE_MESSAGE(rig.transactions.open(), "the local idTag is not that of the transaction");
  TEST_ASSERT_FALSE(rig.charging.remote_start("123456789012345678901", rig.clock.now()));
}

void meter_counts_pulses_also_over_the_counters_end() {
  Rig rig;
  rig.start_charging();
  rig.gpio.pulse(pins::kMeterPulse, 1500);
  rig.poll();
  TEST_ASSERT_EQUAL_UINT64(1500, rig.charging.energy_wh());
  rig.gpio.pulse(pins::kMeterPulse, 1);
  rig.press();
  TEST_ASSERT_EQUAL_UINT64(1501, rig.last_record().energy_wh);
}

void samples_come_at_their_interval_without_drift() {
  Rig rig;
  rig.settings.meter_value_sample_interval_s = 10;
  rig.start_charging();
  Millis begin = rig.clock.now();
  std::vector<Millis> times;
  for (Millis i = 0; i < 350; ++i) {
    size_t before = rig.transactions.outbox().size();
    rig.pass(100 + i % 7);
    if (rig.transactions.outbox().size() != before) times.push_back(rig.clock.now() - begin);
  }
  TEST_ASSERT_EQUAL_size_t(3, times.size());
  for (size_t i = 0; i < times.size(); ++i) {
    TEST_ASSERT_GREATER_OR_EQUAL_UINT64(10'000 * (i + 1), times[i]);
    TEST_ASSERT_LESS_THAN_UINT64(10'000 * (i + 1) + 107, times[i]);
  }
  rig.pass(35'000);  // three were missed, one is made
  TEST_ASSERT_EQUAL_size_t(1 + 3 + 1, rig.transactions.outbox().size());
}

void interval_of_zero_means_no_samples() {
  Rig rig;
  rig.settings.meter_value_sample_interval_s = 0;
  rig.start_charging();
  rig.pass(100'000);
  TEST_ASSERT_EQUAL_size_t(1, rig.transactions.outbox().size());
}

void power_failure_saves_the_register() {
  Rig rig;
  rig.gpio.pulse(pins::kMeterPulse, 7);
  rig.poll();
  TEST_ASSERT_EQUAL_size_t(0, rig.storage.files.count("ledger"));
  rig.set(pins::kPowerFail, true);
  TEST_ASSERT_EQUAL_size_t(1, rig.storage.files.count("ledger"));
  Transactions next(rig.storage, rig.time, rig.rng, rig.log);
  next.load(StopReason::power_loss, Transactions::LeftOpen::end, 0);
  TEST_ASSERT_EQUAL_UINT64(7, next.energy_wh());
}

void stop_for_a_reset() {
  Rig rig;
  rig.start_charging();
  rig.charging.stop(StopReason::hard_reset, rig.clock.now());
  rig.poll();
  rig.assert_stopped(StopReason::hard_reset);
}

void inputs_wake_the_loop() {
  Rig rig;
  for (int pin : {pins::kCable, pins::kVehicleReady, pins::kPowerFail, pins::kAuthButton}) {
    int before = rig.waker.wakes;
    rig.gpio.drive(pin, true);
    TEST_ASSERT_GREATER_THAN(before, rig.waker.wakes);
  }
}

// ---- the rules of the configuration keys

/// The answer of the CSMS to the StartTransaction at the front of the line.
void answer_start(Rig& rig, const char* status, const char* parent = "") {
  rig.time.set_from_csms(1'700'000'000'000);
  char buffer[512];
  JsonWriter payload(buffer);
  MessageId id;
  Text action;
  TEST_ASSERT_TRUE(rig.transactions.outbox().write_front(payload, id, action, rig.clock.now()));
  TEST_ASSERT_TRUE(action == "StartTransaction");
  char answer[256];
  JsonWriter json(answer);
  json.begin_object().member("transactionId", 9).key("idTagInfo").begin_object().member("status", status);
  if (*parent != 0) json.member("parentIdTag", parent);
  json.end_object().end_object();
  JsonError error;
  TEST_ASSERT_TRUE(rig.transactions.outbox().on_result(id.text(), parse_json(json.text(), error), rig.clock.now()));
  rig.poll();
}

void unplugged_transaction_waits_where_it_may() {
  Rig rig;
  rig.settings.stop_transaction_on_ev_side_disconnect = false;
  rig.start_charging();
  rig.set(pins::kCable, false);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_TRUE(rig.transactions.open());
  TEST_ASSERT_FALSE(rig.contactor());
  TEST_ASSERT_TRUE_MESSAGE(rig.locked(), "whatever UnlockConnectorOnEVSideDisconnect says");
  TEST_ASSERT_TRUE(rig.charging.error_info() == "EV side disconnected");
  rig.set(pins::kCable, true);
  rig.assert_happened("Charging");
  TEST_ASSERT_TRUE(rig.charging.error_info().empty());
  TEST_ASSERT_TRUE(rig.locked());
  rig.set(pins::kCable, false);
  rig.press();
  rig.assert_stopped(StopReason::local);
  rig.assert_happened("SuspendedEV, Available");
}

void cable_is_held_for_its_owner() {
  Rig rig;
  rig.settings.unlock_connector_on_ev_side_disconnect = false;
  rig.start_charging();
  rig.set(pins::kCable, false);
  rig.assert_happened("Finishing");
  TEST_ASSERT_TRUE(rig.charging.error_info() == "EV side disconnected");
  TEST_ASSERT_TRUE(rig.locked());
  TEST_ASSERT_FALSE(rig.charging.remote_start("OTHER", rig.clock.now()));
  rig.settings.local_id_tag.assign("STRANGER");
  rig.press();
  TEST_ASSERT_TRUE(rig.locked());
  rig.set(pins::kCable, true);
  rig.assert_happened("Finishing");  // told again: nothing is unplugged any more
  TEST_ASSERT_TRUE(rig.charging.error_info().empty());
  rig.set(pins::kCable, false);
  rig.assert_happened("Finishing");
  rig.settings.local_id_tag.assign("local");  // an idTag has no case
  rig.press();
  TEST_ASSERT_FALSE(rig.locked());
  rig.assert_happened("Available");
}

void unplugging_is_told_also_where_the_vehicle_has_paused_before() {
  Rig rig;
  rig.settings.stop_transaction_on_ev_side_disconnect = false;
  rig.start_charging();
  rig.set(pins::kVehicleReady, false);
  rig.assert_happened("SuspendedEV");
  rig.set(pins::kCable, false);
  rig.assert_happened("SuspendedEV");
  TEST_ASSERT_TRUE(rig.charging.error_info() == "EV side disconnected");
}

void suspended_by_both_is_by_the_charge_point() {
  Rig rig;
  rig.settings.stop_transaction_on_invalid_id = false;
  rig.start_charging();
  answer_start(rig, "Blocked");
  rig.assert_happened("SuspendedEVSE");
  rig.set(pins::kVehicleReady, false);
  rig.assert_happened("");
}

// ---- availability: the table of OCPP 1.6 section 4.9 has no way from Preparing to Unavailable

void inoperative_waits_for_the_cable() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.assert_happened("Preparing");
  TEST_ASSERT_TRUE(rig.charging.in_use());
  rig.settings.availability = Availability::inoperative;
  rig.press();
  rig.assert_happened("");
  rig.pass(Millis{1000} * rig.settings.connection_timeout_s);
  rig.assert_happened("Finishing");
  rig.set(pins::kCable, false);
  rig.assert_happened("Unavailable");
  TEST_ASSERT_FALSE(rig.charging.in_use());
  rig.set(pins::kCable, true);
  rig.assert_happened("");
  TEST_ASSERT_FALSE_MESSAGE(rig.charging.in_use(), "it is Unavailable already");
  rig.settings.availability = Availability::operative;
  rig.poll();
  rig.assert_happened("Preparing");
}

void preparing_becomes_unavailable_by_available() {
  for (bool by_cable : {true, false}) {
    Rig rig;
    if (by_cable) rig.set(pins::kCable, true);
    if (!by_cable) TEST_ASSERT_TRUE(rig.charging.remote_start("REMOTE", rig.clock.now()));
    rig.assert_happened("Preparing");
    TEST_ASSERT_EQUAL(by_cable, rig.charging.in_use());
    rig.settings.availability = Availability::inoperative;
    if (by_cable) rig.set(pins::kCable, false);
    rig.poll();
    rig.assert_happened("Available, Unavailable");
  }
}

void inoperative_after_a_charge_comes_with_the_cable() {
  for (bool stop_first : {true, false}) {
    Rig rig;
    rig.start_charging();
    rig.settings.availability = Availability::connector_inoperative;
    rig.poll();
    rig.assert_happened("");
    if (stop_first) {
      rig.press();
      rig.assert_happened("Finishing");
    }
    rig.set(pins::kCable, false);
    rig.assert_happened("Unavailable");
  }
}

void remote_start_leads_from_finishing_by_preparing() {
  Rig rig;
  rig.start_charging();
  rig.press();
  rig.assert_happened("Finishing");
  TEST_ASSERT_TRUE(rig.charging.remote_start("REMOTE", rig.clock.now()));
  rig.poll();
  rig.assert_happened("Preparing, Charging");
}

void refused_start_stops_at_once_or_after_its_energy_or_never() {
  for (bool stop : {true, false}) {
    for (uint32_t energy : {0u, 40u}) {
      Rig rig;
      rig.settings.stop_transaction_on_invalid_id = stop;
      rig.settings.max_energy_on_invalid_id_wh = energy;
      rig.start_charging();
      answer_start(rig, "Invalid");
      if (energy != 0) {
        TEST_ASSERT_TRUE(rig.contactor());
        rig.gpio.pulse(pins::kMeterPulse, static_cast<int>(energy) - 1);
        rig.poll();
        TEST_ASSERT_TRUE(rig.contactor());
        rig.gpio.pulse(pins::kMeterPulse);
        rig.poll();
      }
      TEST_ASSERT_FALSE(rig.contactor());
      if (stop) {
        rig.assert_stopped(StopReason::de_authorized);
        rig.assert_happened("Finishing");
      } else {
        TEST_ASSERT_TRUE(rig.transactions.open());
        rig.assert_happened("SuspendedEVSE");
        rig.press();
        rig.assert_stopped(StopReason::local);
      }
    }
  }
}

void tag_of_the_group_stops_and_no_other() {
  Rig rig;
  rig.start_charging();
  answer_start(rig, "Accepted", "FAMILY");
  rig.settings.local_id_tag.assign("BROTHER");
  rig.parent = "NEIGHBOURS";
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.parent = "";
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.parent = "FAMILY";
  rig.accept = false;
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
  rig.accept = true;
  rig.press();
  rig.assert_stopped(StopReason::local);
  TEST_ASSERT_EQUAL_STRING("BROTHER", rig.last_record().id_tag.c_str());
}

void answer_to_a_tag_that_was_to_stop_starts_nothing() {
  Rig rig;
  rig.start_charging();
  rig.answer_at_once = false;
  rig.settings.local_id_tag.assign("BROTHER");
  rig.press();
  rig.charging.stop(StopReason::remote, rig.clock.now());
  rig.charging.authorized(true, "", rig.clock.now());
  rig.poll();
  TEST_ASSERT_FALSE(rig.transactions.open());
}

void plugged_in_without_a_tag_becomes_finishing() {
  Rig rig;
  rig.set(pins::kCable, true);
  rig.pass(59'999);
  rig.assert_happened("Preparing");
  rig.pass(1);
  rig.assert_happened("Finishing");
  rig.press();
  rig.assert_happened("Preparing, idTag LOCAL, SuspendedEV");
}

void short_status_is_not_told() {
  Rig rig;
  rig.settings.minimum_status_duration_s = 5;
  rig.set(pins::kCable, true);
  rig.pass(4'999);
  rig.set(pins::kCable, false);
  rig.pass(10'000);
  rig.assert_happened("");
  rig.set(pins::kCable, true);
  TEST_ASSERT_EQUAL_UINT64_MESSAGE(rig.clock.now() + 5'000, rig.poll(), "it comes back to tell it");
  rig.pass(5'000);
  rig.assert_happened("Preparing");
  rig.set(pins::kEmergencyStop, true);
  rig.assert_happened("Faulted");
}

void transaction_waits_for_the_lock_and_a_stuck_one_is_a_fault() {
  Rig rig;
  rig.settings.lock_timeout_ms = 3'000;
  rig.set(pins::kVehicleReady, true);
  rig.set(pins::kCable, true);
  rig.press();
  TEST_ASSERT_TRUE(rig.locked());
  TEST_ASSERT_FALSE(rig.transactions.open());
  rig.pass(2'999);
  rig.assert_happened("Preparing, idTag LOCAL");
  rig.pass(1);
  rig.assert_happened("Faulted");
  TEST_ASSERT_TRUE(rig.charging.error_code() == "ConnectorLockFailure");
  TEST_ASSERT_FALSE(rig.transactions.open());
  TEST_ASSERT_FALSE(rig.locked());
  rig.press();  // another try
  rig.set(pins::kLockFeedback, true);
  TEST_ASSERT_TRUE(rig.transactions.open());
  TEST_ASSERT_TRUE(rig.contactor());
  rig.assert_happened("Preparing, idTag LOCAL, Charging");
}

// ---- power failure

void power_failure_stops_the_transaction() {
  Rig rig;
  rig.start_charging();
  rig.gpio.pulse(pins::kMeterPulse, 7);
  rig.set(pins::kPowerFail, true);
  rig.assert_stopped(StopReason::power_loss);
  TEST_ASSERT_EQUAL_UINT64(7, rig.last_record().energy_wh);
  TEST_ASSERT_FALSE(rig.charging.remote_start("R", rig.clock.now()));
  rig.press();
  TEST_ASSERT_FALSE(rig.transactions.open());
  rig.set(pins::kPowerFail, false);
  rig.press();
  TEST_ASSERT_TRUE(rig.transactions.open());
}

void power_failure_interrupts_the_transaction_where_it_may_go_on() {
  Rig rig;
  rig.settings.power_fail_action = PowerFailAction::resume;
  rig.start_charging();
  rig.set(pins::kPowerFail, true);
  rig.assert_happened("SuspendedEVSE");
  TEST_ASSERT_TRUE(rig.transactions.open());
  TEST_ASSERT_FALSE(rig.contactor());
  TEST_ASSERT_TRUE(rig.locked());
  rig.set(pins::kPowerFail, false);
  rig.assert_happened("Charging");
  TEST_ASSERT_EQUAL_size_t_MESSAGE(3, rig.transactions.outbox().size(), "start, Interruption.Begin, Interruption.End");
}

// ---- clock-aligned samples

void aligned_samples_lie_on_the_boundaries() {
  Rig rig;
  rig.settings.clock_aligned_data_interval_s = 900;
  rig.pass(10'000'000);
  TEST_ASSERT_EQUAL_size_t_MESSAGE(0, rig.transactions.outbox().size(), "without a clock there are no boundaries");
  rig.time.set_from_csms(1'700'000'000'000);  // 22:13:20
  Millis due = rig.poll();
  TEST_ASSERT_EQUAL_UINT64(100'000, due - rig.clock.now());
  rig.pass(99'999);
  TEST_ASSERT_EQUAL_size_t(0, rig.transactions.outbox().size());
  rig.pass(1);
  TEST_ASSERT_EQUAL_size_t(1, rig.transactions.outbox().size());
  rig.time.set_from_csms(rig.time.now() - 2'000);
  rig.pass(2'000);
  TEST_ASSERT_EQUAL_size_t_MESSAGE(1, rig.transactions.outbox().size(), "a boundary comes once");
  rig.pass(2'000'000);
  TEST_ASSERT_EQUAL_size_t_MESSAGE(2, rig.transactions.outbox().size(), "those missed are not made up for");
}

void aligned_samples_begin_anew_at_midnight() {
  Rig rig;
  rig.settings.clock_aligned_data_interval_s = 50'000;  // no divisor of a day
  rig.time.set_from_csms(1'700'000'000'000);
  const Millis to_midnight = 86'400'000 - 1'700'000'000'000 % 86'400'000;
  TEST_ASSERT_EQUAL_UINT64(to_midnight, rig.poll() - rig.clock.now());
  rig.pass(to_midnight);
  TEST_ASSERT_EQUAL_size_t(1, rig.transactions.outbox().size());
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(charge_from_plug_to_unplug);
  RUN_TEST(tag_before_the_cable_waits_until_the_connection_time_out);
  RUN_TEST(tag_that_is_not_accepted_starts_nothing);
  RUN_TEST(answer_that_comes_later_or_not_at_all);
  RUN_TEST(bouncing_button_is_one_press);
  RUN_TEST(loop_that_comes_late_makes_no_bounce_of_a_press);
  RUN_TEST(button_without_id_tag_says_what_is_missing);
  RUN_TEST(unplugging_ends_the_transaction);
  RUN_TEST(emergency_stop_ends_everything_until_released);
  RUN_TEST(emergency_stop_shorter_than_a_round_counts);
  RUN_TEST(authorization_is_forgotten_at_an_emergency_stop);
  RUN_TEST(after_finishing_a_tag_starts_again);
  RUN_TEST(remote_start_and_stop);
  RUN_TEST(meter_counts_pulses_also_over_the_counters_end);
  RUN_TEST(samples_come_at_their_interval_without_drift);
  RUN_TEST(interval_of_zero_means_no_samples);
  RUN_TEST(power_failure_saves_the_register);
  RUN_TEST(stop_for_a_reset);
  RUN_TEST(inputs_wake_the_loop);
  RUN_TEST(unplugged_transaction_waits_where_it_may);
  RUN_TEST(cable_is_held_for_its_owner);
  RUN_TEST(unplugging_is_told_also_where_the_vehicle_has_paused_before);
  RUN_TEST(suspended_by_both_is_by_the_charge_point);
  RUN_TEST(inoperative_waits_for_the_cable);
  RUN_TEST(preparing_becomes_unavailable_by_available);
  RUN_TEST(inoperative_after_a_charge_comes_with_the_cable);
  RUN_TEST(remote_start_leads_from_finishing_by_preparing);
  RUN_TEST(refused_start_stops_at_once_or_after_its_energy_or_never);
  RUN_TEST(tag_of_the_group_stops_and_no_other);
  RUN_TEST(answer_to_a_tag_that_was_to_stop_starts_nothing);
  RUN_TEST(plugged_in_without_a_tag_becomes_finishing);
  RUN_TEST(short_status_is_not_told);
  RUN_TEST(transaction_waits_for_the_lock_and_a_stuck_one_is_a_fault);
  RUN_TEST(power_failure_stops_the_transaction);
  RUN_TEST(power_failure_interrupts_the_transaction_where_it_may_go_on);
  RUN_TEST(aligned_samples_lie_on_the_boundaries);
  RUN_TEST(aligned_samples_begin_anew_at_midnight);
  return UNITY_END();
}
