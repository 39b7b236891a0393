#include "test_charge_point/rig.h"

using namespace pb;

void setUp() {}
void tearDown() {}

namespace {

void check_mode(PowerMode expected, const PowerMode& actual) {
  TEST_ASSERT_EQUAL_MESSAGE(expected.cpu_scaling, actual.cpu_scaling, "cpu_scaling");
  TEST_ASSERT_EQUAL_MESSAGE(expected.modem_sleep, actual.modem_sleep, "modem_sleep");
  TEST_ASSERT_EQUAL_MESSAGE(expected.light_sleep, actual.light_sleep, "light_sleep");
}

constexpr PowerMode kFull{};
constexpr PowerMode kSaving{true, true, false};
constexpr Millis kUntilIdle = 2 * PowerManager::kIdleAfter;

/// An accepted device that has nothing to do.
struct IdleRig : Rig {
  IdleRig() {
    pass(kUntilIdle);
    assert_is("idle", console_status(*this, "power.state"));
  }
};

void device_is_busy_from_its_start_until_it_is_accepted_and_then_idle() {
  Rig rig;
  rig.settle();
  assert_is("busy", console_status(rig, "power.state"));
  rig.pass(kUntilIdle);
  assert_is("idle", console_status(rig, "power.state"));
  check_mode(kSaving, rig.power.modes.back());
}

void plugged_cable_takes_full_speed_at_once_and_its_removal_ends_it_later() {
  IdleRig rig;
  rig.drive(pins::kCable, true);
  check_mode(kFull, rig.power.modes.back());
  rig.pass(10 * kUntilIdle);
  check_mode(kFull, rig.power.modes.back());
  rig.drive(pins::kCable, false);
  rig.pass(PowerManager::kIdleAfter - 1);
  check_mode(kFull, rig.power.modes.back());
  rig.pass(1 + PowerManager::kIdleAfter);
  check_mode(kSaving, rig.power.modes.back());
}

void device_without_a_csms_is_idle_between_its_attempts() {
  IdleRig rig;
  rig.set("backoff_max_ms", "600000");
  rig.set("backoff_initial_ms", "600000");
  rig.boot();
  go_offline(rig);
  rig.pass(kUntilIdle);
  assert_is("idle", console_status(rig, "power.state"));
}

void settings_choose_the_ways_to_save_and_apply_at_once() {
  IdleRig rig;
  rig.set("light_sleep", "true");
  rig.set("modem_sleep", "false");
  rig.pass(kUntilIdle);
  check_mode({true, false, true}, rig.power.modes.back());
  rig.set("cpu_scaling", "false");
  rig.pass(kUntilIdle);
  check_mode({false, false, true}, rig.power.modes.back());
}

void light_sleep_ends_with_the_cable() {
  IdleRig rig;
  rig.set("light_sleep", "true");
  rig.pass(kUntilIdle);
  rig.drive(pins::kCable, true);
  TEST_ASSERT_FALSE(rig.power.modes.back().light_sleep);
}

void radio_gets_its_mode_again_when_the_link_changes() {
  IdleRig rig;
  rig.network.fall(Network::kReasonBeaconTimeout);
  const size_t before = rig.power.modes.size();
  rig.pass(kUntilIdle);
  TEST_ASSERT_TRUE(rig.power.modes.size() > before);
  check_mode(kSaving, rig.power.modes.back());
}

void rejected_mode_is_one_warning() {
  IdleRig rig;
  rig.power.rejects = true;
  rig.uart.take();
  rig.drive(pins::kCable, true);
  rig.pass(kUntilIdle);
  const std::string log = rig.uart.take();
  check_contains("power: the chip has rejected a way to save energy", log);
  TEST_ASSERT_EQUAL_size_t(log.find("has rejected"), log.rfind("has rejected"));
}

void brownout_level_is_set_at_the_start_and_with_its_setting() {
  Rig rig;
  rig.settle();
  TEST_ASSERT_EQUAL_UINT32(2'700, rig.power.brownouts.back());
  rig.set("brownout_mv", "2580");
  rig.settle();
  TEST_ASSERT_EQUAL_UINT32(2'580, rig.power.brownouts.back());
  assert_is("2580", console_status(rig, "power.brownout_mv"));
}

void failing_mains_lets_the_radio_sleep_at_full_speed() {
  IdleRig rig;
  rig.drive(pins::kPowerFail, true);
  assert_is("failing", console_status(rig, "power.state"));
  check_mode({false, true, false}, rig.power.modes.back());
  rig.drive(pins::kPowerFail, false);
  rig.pass(kUntilIdle);
  check_mode(kSaving, rig.power.modes.back());
}

/// Reads the log of the flash as the console prints it.
std::string dumped_log(Rig& rig) {
  rig.uart.take();
  rig.uart.type("log dump\r\n");
  rig.pass(100);
  return rig.uart.take();
}

void failing_mains_writes_the_log_without_a_transaction() {
  IdleRig rig;
  rig.drive(pins::kPowerFail, true);
  rig.pass(10);
  rig.retained.lose_power();
  rig.boot();
  check_contains("mains power has failed", dumped_log(rig));
}

void log_waits_for_the_energy_at_failing_mains() {
  IdleRig rig;
  rig.set("meter_value_sample_interval_s", "0");
  rig.drive(pins::kCable, true);
  rig.drive(pins::kVehicleReady, true);
  rig.press();
  for (int i = 0; i < 42; ++i) rig.gpio.pulse(pins::kMeterPulse);
  rig.settle();
  rig.worker.hold = true;
  rig.drive(pins::kPowerFail, true);
  // Jobs one by one: as long as the energy is not stored, the failure is not in the log on flash.
  for (int job = 0; job < 20; ++job) {
    Rig after;
    after.flash = rig.flash;
    after.boot();
    const bool has_energy = std::stoull(console_status(after, "energy_wh")) == 42;
    const bool has_log = dumped_log(after).find("mains power has failed") != std::string::npos;
    TEST_ASSERT_TRUE_MESSAGE(has_energy || !has_log, ("after job " + std::to_string(job)).c_str());
    if (has_log) return;
    rig.worker.hold = false;
    rig.worker.deliver();
    rig.worker.hold = true;
    rig.app->run_once();
    rig.app->run_once();
  }
  TEST_FAIL_MESSAGE("the log is not on flash after 20 jobs");
}

void log_flush_of_the_console_is_free_while_the_energy_is_written() {
  IdleRig rig;
  rig.drive(pins::kCable, true);
  rig.drive(pins::kVehicleReady, true);
  rig.press();
  rig.pass(100);
  rig.worker.hold = true;
  rig.drive(pins::kPowerFail, true);
  rig.uart.take();
  // Only one flush can wait: had the failure begun its own, this one would be rejected.
  rig.uart.type("log flush\r\n");
  rig.settle();
  TEST_ASSERT_FALSE(rig.uart.wrote("= error"));
  rig.worker.hold = false;
  rig.pass(100);
  check_contains("= ok", rig.uart.take());
}

void flickering_input_does_not_wear_the_flash() {
  IdleRig rig;
  const auto flicker = [&rig] {
    rig.drive(pins::kPowerFail, true);
    rig.pass(100);
    rig.drive(pins::kPowerFail, false);
    rig.pass(100);
  };
  const uint64_t before = rig.flash.operations();
  flicker();
  TEST_ASSERT_TRUE(rig.flash.operations() > before);
  for (uint32_t i = 0; i < LogStore::kFirstSaved; ++i) flicker();
  const uint64_t worn = rig.flash.operations();
  flicker();
  TEST_ASSERT_EQUAL_UINT64(worn, rig.flash.operations());
}

void second_flush_is_rejected() {
  IdleRig rig;
  rig.worker.hold = true;
  rig.drive(pins::kPowerFail, true);
  rig.uart.take();
  rig.uart.type("log flush\r\n");
  rig.settle();
  check_contains("= error: the log is being written already", rig.uart.take());
}

void flash_that_rejects_the_transaction_does_not_hold_up_the_log_for_ever() {
  IdleRig rig;
  rig.drive(pins::kCable, true);
  rig.drive(pins::kVehicleReady, true);
  rig.press();
  rig.pass(100);
  rig.worker.hold = true;
  rig.drive(pins::kPowerFail, true);
  rig.pass(PowerManager::kFlushAnyway + 10);
  rig.worker.hold = false;
  rig.pass(100);
  const uint64_t took = std::stoull(Rig::field(
      [&] {
        rig.uart.take();
        rig.uart.type("status full\r\n");
        rig.settle();
        const std::string all = rig.uart.take();
        const size_t at = all.find("= {");
        return all.substr(at + 2, all.find('\r', at) - at - 2);
      }(),
      "power_fail_ms"));
  TEST_ASSERT_TRUE(took >= PowerManager::kFlushAnyway);
}

}  // namespace

int main() {
  UNITY_BEGIN();
  RUN_TEST(device_is_busy_from_its_start_until_it_is_accepted_and_then_idle);
  RUN_TEST(plugged_cable_takes_full_speed_at_once_and_its_removal_ends_it_later);
  RUN_TEST(device_without_a_csms_is_idle_between_its_attempts);
  RUN_TEST(settings_choose_the_ways_to_save_and_apply_at_once);
  RUN_TEST(light_sleep_ends_with_the_cable);
  RUN_TEST(radio_gets_its_mode_again_when_the_link_changes);
  RUN_TEST(rejected_mode_is_one_warning);
  RUN_TEST(brownout_level_is_set_at_the_start_and_with_its_setting);
  RUN_TEST(failing_mains_lets_the_radio_sleep_at_full_speed);
  RUN_TEST(failing_mains_writes_the_log_without_a_transaction);
  RUN_TEST(log_waits_for_the_energy_at_failing_mains);
  RUN_TEST(log_flush_of_the_console_is_free_while_the_energy_is_written);
  RUN_TEST(flickering_input_does_not_wear_the_flash);
  RUN_TEST(second_flush_is_rejected);
  RUN_TEST(flash_that_rejects_the_transaction_does_not_hold_up_the_log_for_ever);
  return UNITY_END();
}
