"""What the three LEDs say in each state (docs/design.md, section 3)."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, Driver
from rig.faults import AccessPointGone, CsmsGone
from rig.instruments.led_pattern import PatternName
from rig.instruments.leds import Leds

pytestmark = pytest.mark.needs("leds", "inputs")


def expect_blink(leds: Leds, led: str, *, rate_hz: float, duty: float) -> None:
    """Wait until an LED blinks so, and make sure that it does exactly so where time is stepped."""
    shown = leds[led].expect("blink", rate_hz=rate_hz, duty=duty)
    assert shown.rate_hz == about(leds.bench, rate_hz, 0.15 * rate_hz)


@pytest.mark.parametrize(
    ("state", "pattern", "rate_hz", "duty"),
    [
        ("Preparing", "blink", 2, 0.5),
        ("Charging", "blink", 1, 0.5),
        ("SuspendedEV", "blink", 1, 0.1),
        ("Finishing", "double_flash", None, None),
    ],
)
def test_status_led_tells_the_state_of_a_charge(
    device: Device,
    driver: Driver,
    leds: Leds,
    csms: Csms,
    state: str,
    pattern: PatternName,
    rate_hz: float | None,
    duty: float | None,
) -> None:
    """Steady before a charge, and a pattern of its own in each state of it."""
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
    leds["status"].expect(pattern, rate_hz=rate_hz, duty=duty, timeout=PATIENCE_S)


def test_network_led_tells_how_far_the_connection_is(device: Device, bench: Bench, leds: Leds, csms: Csms) -> None:
    """Accepted: steady. CSMS gone: 2 Hz. No access point: off."""
    leds["network"].expect("on")
    with bench.inject(CsmsGone()):
        leds["network"].expect("blink", rate_hz=2, duty=0.5, timeout=PATIENCE_S)
        with bench.inject(AccessPointGone()):
            leds["network"].expect("off", timeout=10)
    device.wait_accepted()
    leds["network"].expect("on", timeout=10)


def test_network_led_flashes_twice_while_not_accepted(device: Device, bench: Bench, leds: Leds, csms: Csms) -> None:
    """A BootNotification answered Pending leaves a double flash until the CSMS accepts."""
    pending = {"status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": 3}
    with csms.answer("BootNotification", pending), device.expecting_reboot():
        bench.power.cycle()
        csms.expect("BootNotification")
        leds["network"].expect("double_flash", timeout=PATIENCE_S)
    device.wait_accepted()
    leds["network"].expect("on")


@pytest.mark.needs("outputs")
def test_status_led_tells_that_the_charge_point_suspended_it(
    device: Device, driver: Driver, leds: Leds, csms: Csms
) -> None:
    """SuspendedEVSE, here for an idTag that the CSMS refuses, looks like SuspendedEV: 1 Hz, lit for a tenth."""
    device.configure(stop_transaction_on_invalid_id=False)
    with csms.answer("StartTransaction", {"transactionId": 4713, "idTagInfo": {"status": "Blocked"}}):
        driver.plug_in()
        driver.present_tag()
        csms.expect_status("SuspendedEVSE")
    leds["status"].expect("blink", rate_hz=1, duty=0.1, timeout=PATIENCE_S)
    leds["fault"].expect("off")


@pytest.mark.usefixtures("operative")
def test_status_led_is_dark_while_out_of_service(device: Device, leds: Leds, csms: Csms) -> None:
    """Unavailable: no light, and no fault; steady again when it is operative."""
    leds["status"].expect("on")
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}) == {"status": "Accepted"}
    csms.expect_status("Unavailable")
    leds["status"].expect("off")
    leds["fault"].expect("off")
    assert csms.call("ChangeAvailability", {"connectorId": 1, "type": "Operative"}) == {"status": "Accepted"}
    leds["status"].expect("on")


@pytest.mark.needs("inputs.lock_feedback")
def test_fault_led_blinks_for_any_other_error(device: Device, driver: Driver, leds: Leds, csms: Csms) -> None:
    """The lock does not close, and nobody has pressed the emergency stop: 4 Hz, and the status LED dark."""
    device.configure(lock_timeout_ms=200)
    driver.plug_in()
    driver.present_tag()
    csms.expect_status("Faulted", errorCode="ConnectorLockFailure")
    leds["fault"].expect("blink", rate_hz=4, duty=0.5, timeout=PATIENCE_S)
    leds["status"].expect("off")
    driver.unplug()
    csms.expect_status("Available", errorCode="NoError")
    leds["fault"].expect("off")


def test_fault_led_shows_the_emergency_stop(device: Device, driver: Driver, leds: Leds, csms: Csms) -> None:
    """Pressed: the fault LED is steady and the status LED dark. Released: the other way round."""
    leds["fault"].expect("off")
    driver.press_emergency_stop()
    csms.expect_status("Faulted")
    leds["fault"].expect("on")
    leds["status"].expect("off")
    driver.release_emergency_stop()
    csms.expect_status("Available")
    leds["fault"].expect("off")
    leds["status"].expect("on")
