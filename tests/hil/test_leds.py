"""The patterns of the three LEDs in each state (docs/design.md#signals)."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import AccessPointGone, CsmsGone
from rig.instruments.led_pattern import PatternName
from rig.instruments.leds import Leds
from tests.hil.exact import about

pytestmark = pytest.mark.needs("leds", "inputs")


def expect_pattern(bench: Bench, leds: Leds, led: str, pattern: PatternName, rate_hz: float, duty: float) -> None:
    """Wait until an LED shows a pattern, exact to the millisecond in stepped time."""
    shown = leds[led].expect(pattern, rate_hz=rate_hz, duty=duty)
    assert shown.rate_hz == about(bench, rate_hz, 0.15 * rate_hz)
    assert shown.duty == about(bench, duty, 0.1)


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("state", "pattern", "rate_hz", "duty"),
    [
        ("Preparing", "blink", 2, 0.5),
        ("Charging", "blink", 1, 0.5),
        ("SuspendedEV", "blink", 1, 0.1),
        ("Finishing", "double_flash", 1, 0.2),
    ],
)
def test_status_led_shows_the_state_of_a_charge(
    device: Device,
    bench: Bench,
    driver: EvDriver,
    leds: Leds,
    csms: Csms,
    state: str,
    pattern: PatternName,
    rate_hz: float,
    duty: float,
) -> None:
    """The status LED is steady before a charge, and has a pattern for each state of it."""
    leds["status"].expect("on")
    for reached, go_on in (
        ("Preparing", driver.plug_in),
        ("Charging", driver.present_tag),
        ("SuspendedEV", driver.rest),
        ("Finishing", driver.present_tag),
    ):
        go_on()
        csms.expect_status(reached)
        if reached == state:
            break
    expect_pattern(bench, leds, "status", pattern, rate_hz, duty)


@pytest.mark.smoke
def test_network_led_shows_the_state_of_the_connection(device: Device, bench: Bench, leds: Leds, csms: Csms) -> None:
    """The network LED is steady when accepted, and blinks at 2 Hz without CSMS."""
    leds["network"].expect("on")
    with bench.inject(CsmsGone()):
        expect_pattern(bench, leds, "network", "blink", rate_hz=2, duty=0.5)
    device.wait_accepted()
    leds["network"].expect("on")


@pytest.mark.needs("access_point")
def test_network_led_is_off_without_access_point(device: Device, bench: Bench, leds: Leds, csms: Csms) -> None:
    """The network LED is off while the device has no link, also if it blinked before."""
    with bench.inject(CsmsGone()):
        expect_pattern(bench, leds, "network", "blink", rate_hz=2, duty=0.5)
        with bench.inject(AccessPointGone()):
            leds["network"].expect("off")
    device.wait_accepted()
    leds["network"].expect("on")


def test_network_led_flashes_twice_while_not_accepted(device: Device, bench: Bench, leds: Leds, csms: Csms) -> None:
    """The network LED flashes twice after a Pending BootNotification until the CSMS accepts."""
    pending = {"status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": 3}
    with csms.answer("BootNotification", pending), device.expecting_reboot():
        bench.power.cycle()
        csms.expect("BootNotification")
        device.let_time_pass(2)  # the pattern before this one would be a part of the first period
        expect_pattern(bench, leds, "network", "double_flash", rate_hz=1, duty=0.2)
    device.wait_accepted()
    leds["network"].expect("on")


@pytest.mark.needs("outputs")
def test_status_led_shows_suspended_evse(
    device: Device, bench: Bench, driver: EvDriver, leds: Leds, csms: Csms
) -> None:
    """SuspendedEVSE, here after the CSMS rejected the idTag, looks like SuspendedEV: 1 Hz with a duty of 0.1."""
    device.configure(stop_transaction_on_invalid_id=False)
    with csms.answer("StartTransaction", {"transactionId": 4713, "idTagInfo": {"status": "Blocked"}}):
        driver.plug_in()
        driver.present_tag()
        csms.expect_status("SuspendedEVSE")
    expect_pattern(bench, leds, "status", "blink", rate_hz=1, duty=0.1)
    leds["fault"].expect("off")


@pytest.mark.usefixtures("operative")
def test_status_led_is_dark_while_out_of_service(device: Device, leds: Leds, csms: Csms) -> None:
    """The status LED is off while Unavailable, without a fault, and steady when operative again."""
    leds["status"].expect("on")
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {"status": "Accepted"}
    csms.expect_status("Unavailable")
    leds["status"].expect("off")
    leds["fault"].expect("off")
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"}) == {"status": "Accepted"}
    leds["status"].expect("on")


@pytest.mark.needs("inputs.lock_feedback")
def test_fault_led_blinks_for_any_other_error(
    device: Device, bench: Bench, driver: EvDriver, leds: Leds, csms: Csms
) -> None:
    """A lock failure makes the fault LED blink at 4 Hz, with the status LED off."""
    device.configure(lock_timeout_ms=200)
    driver.plug_in()
    driver.present_tag()
    csms.expect_status("Faulted", errorCode="ConnectorLockFailure")
    expect_pattern(bench, leds, "fault", "blink", rate_hz=4, duty=0.5)
    leds["status"].expect("off")
    driver.unplug()
    csms.expect_status("Available", errorCode="NoError")
    leds["fault"].expect("off")


@pytest.mark.smoke
def test_fault_led_shows_the_emergency_stop(device: Device, driver: EvDriver, leds: Leds, csms: Csms) -> None:
    """While the emergency stop is pressed the fault LED is steady and the status LED off; a release inverts both."""
    leds["fault"].expect("off")
    driver.press_emergency_stop()
    csms.expect_status("Faulted")
    leds["fault"].expect("on")
    leds["status"].expect("off")
    driver.release_emergency_stop()
    csms.expect_status("Available")
    leds["fault"].expect("off")
    leds["status"].expect("on")
