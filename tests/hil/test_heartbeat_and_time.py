"""Heartbeats (OCPP 1.6 section 4.6) and the clock that they synchronize."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import ClockJump
from rig.instruments.leds import Leds
from rig.instruments.power import Power
from rig.timeline.events import OcppFrame

pytestmark = pytest.mark.needs("stepped_time")


def time_of(text: str) -> datetime:
    """Parse a timestamp of OCPP."""
    return datetime.fromisoformat(text)


def time_of_csms_at(bench: Bench, frame: OcppFrame) -> datetime:
    """Return the time of the CSMS's clock at the arrival of a frame."""
    ago = bench.clock.between(frame.t, bench.clock.now())
    return time_of(bench.csms.behaviour.current_time()) - timedelta(seconds=ago)


@pytest.mark.smoke
def test_heartbeats_come_at_the_interval_of_the_boot(device: Device, bench: Bench, csms: Csms) -> None:
    """`interval` of BootNotification.conf takes precedence over the device's own setting."""
    csms.behaviour.heartbeat_interval_s = 10
    with device.expecting_reboot():
        bench.power.cycle()
        device.wait_accepted()
        beats = [csms.expect("Heartbeat", timeout=60) for _ in range(3)]
    assert all(beat.payload == {} for beat in beats)
    gaps = [bench.clock.between(earlier.t, later.t) for earlier, later in pairwise(beats)]
    assert gaps == [10, 10]


def test_an_interval_of_0_means_the_devices_own(device: Device, bench: Bench, csms: Csms) -> None:
    """With an interval of 0 the charge point chooses its own (OCPP 1.6 section 6.6)."""
    device.configure(heartbeat_interval_s=15)
    csms.behaviour.heartbeat_interval_s = 0
    with device.expecting_reboot():
        bench.power.cycle()
        accepted = device.wait_accepted()
        beat = csms.expect("Heartbeat", timeout=30)
    assert bench.clock.between(accepted.t, beat.t) == 15


def test_an_unanswered_heartbeat_does_no_harm(device: Device, bench: Bench, csms: Csms) -> None:
    """A Heartbeat without an answer does not delay the next one."""
    csms.behaviour.heartbeat_interval_s = 60
    with device.expecting_reboot():
        with csms.hold("Heartbeat") as held:
            bench.power.cycle()
            device.wait_accepted()
            held.wait(timeout=90)
            held.wait(timeout=90)
        csms.expect("Heartbeat", timeout=90)


@pytest.mark.smoke
@pytest.mark.needs("inputs")
def test_timestamps_are_those_of_the_csms(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """From the first message after the boot on, timestamps are within seconds of the CSMS's clock."""
    driver.start_charge(csms)
    (transaction,) = csms.transactions
    reported = time_of(transaction.start["timestamp"])
    assert reported.tzinfo is not None
    assert reported == time_of_csms_at(bench, transaction.starts[0])


@pytest.mark.needs("inputs")
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_set_in_a_charge_makes_no_negative_duration(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, hours: int
) -> None:
    """The CSMS's clock jumps by an hour during a charge: start, samples and stop stay in order of time."""
    csms.behaviour.heartbeat_interval_s = 90
    with device.expecting_reboot():
        bench.power.cycle()
        device.wait_accepted()
        driver.start_charge(csms)
        csms.expect("MeterValues", timeout=120)
        with bench.inject(ClockJump(seconds=3600 * hours)):
            csms.expect("Heartbeat", timeout=120)
            csms.expect("MeterValues", timeout=120)
            driver.present_tag()
            csms.expect("StopTransaction", timeout=60)
    (transaction,) = csms.transactions
    transaction.check()


@pytest.mark.needs("inputs", "power")
def test_a_clock_far_off_is_corrected(device: Device, bench: Bench, driver: EvDriver, csms: Csms, power: Power) -> None:
    """The CSMS sends a time in 2020 at boot, then the right one in a Heartbeat. The next charge has that."""
    old = {"status": "Accepted", "currentTime": "2020-01-01T00:00:00Z", "interval": 10}
    csms.answer("BootNotification", old, times=1)
    with device.expecting_reboot():
        power.cycle()
        device.wait_accepted()
        csms.expect("Heartbeat", timeout=30)
        driver.start_charge(csms)
    transaction = csms.transactions[-1]
    assert time_of(transaction.start["timestamp"]) == time_of_csms_at(bench, transaction.starts[0])


def boot_with(device: Device, csms: Csms, power: Power, current_time: str) -> None:
    """Restart the device and accept its BootNotification with this currentTime."""
    answer = {"status": "Accepted", "currentTime": current_time, "interval": 300}
    csms.answer("BootNotification", answer, times=1, check=False)
    with device.expecting_reboot():
        power.cycle()
        device.wait_accepted()


@pytest.mark.needs("power")
@pytest.mark.parametrize("current_time", ["now", "1970-01-01T00:00:07Z"])
def test_an_invalid_current_time_is_ignored(device: Device, csms: Csms, power: Power, current_time: str) -> None:
    """A currentTime that is invalid, or of 1970, is ignored: the device is accepted, and no timestamp is of 1970."""
    boot_with(device, csms, power, current_time)
    status = csms.expect_status("Available", connector=1)
    # The device continues from its stored time, which a CSMS has set earlier.
    assert time_of(status.payload["timestamp"]) > datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.needs("inputs", "power")
@pytest.mark.parametrize("current_time", ["2026-11-28T10:00:00", "20261128T120000,000+02"])
def test_other_forms_of_iso_8601_are_accepted(
    device: Device, driver: EvDriver, csms: Csms, power: Power, current_time: str
) -> None:
    """A currentTime without an offset is UTC, and seconds are optional: charges are reported with that time."""
    boot_with(device, csms, power, current_time)
    driver.start_charge(csms)
    (transaction,) = csms.transactions
    assert time_of("2026-11-28T10:00Z") <= time_of(transaction.start["timestamp"]) < time_of("2026-11-28T10:01Z")


@pytest.mark.needs("inputs", "leds")
def test_a_charge_waits_for_the_time_and_is_then_reported(
    device: Device, bench: Bench, driver: EvDriver, leds: Leds, csms: Csms
) -> None:
    """An accepted device without a valid currentTime sends Heartbeats until it gets one; the charge waits for it."""
    answer = {"status": "Accepted", "currentTime": "28.11.2026", "interval": 3600}
    csms.answer("BootNotification", answer, times=1, check=False)
    with csms.answer("Heartbeat", {"currentTime": "28.11.2026"}, check=False), device.expecting_reboot():
        device.flash(fresh=True)
        device.wait_accepted()
        driver.plug_in()
        driver.present_tag()
        device.wait_status(state="Charging", reporting="no_time", time_quality="none")
        leds["network"].expect("blink", rate_hz=1, duty=0.9)
        csms.expect("Heartbeat", timeout=10)
        csms.expect_none("StartTransaction", within=0.1)
    # It has sent one or two Heartbeats so far, so the next pause is 40 s at most.
    csms.expect("StartTransaction", timeout=40)
    device.wait_status(reporting="possible", queue=0)
    leds["network"].expect("on")
    (transaction,) = csms.transactions
    assert time_of(transaction.start["timestamp"]) < time_of_csms_at(bench, transaction.starts[0])
