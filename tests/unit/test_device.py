"""The device on a bench, by events on the timeline."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rig.bench import Bench
from rig.bench.bench_file import load
from rig.device import Device
from rig.timeline.events import (
    Boot,
    Event,
    FaultInjected,
    FaultLifted,
    LinkChange,
    LogLine,
    OcppFrame,
    Panic,
    PinEdge,
    PowerChange,
)
from rig.util.errors import DeviceError

ROOT = Path(__file__).parents[2]
WHO = "CP-BENCH-1"
BOOT = Boot(version="1", build="0badcafe", reset="power_on")
CONNECT = LinkChange(charge_point=WHO, connected=True)
DISCONNECT = LinkChange(charge_point=WHO, connected=False)
ACCEPT = OcppFrame(
    charge_point=WHO,
    direction="sent",
    message_type="CALLRESULT",
    action="BootNotification",
    unique_id="1",
    payload={"status": "Accepted"},
    raw="",
)
SEEN = (PowerChange(on=True), BOOT, CONNECT, ACCEPT)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    with Bench(load(ROOT / "benches" / "virtual.toml"), root=tmp_path) as bench:
        made = Device(bench)
        yield made
        made.close()


@pytest.mark.parametrize(
    "then",
    [
        (DISCONNECT, BOOT, CONNECT, ACCEPT),
        (DISCONNECT, CONNECT, ACCEPT, BOOT),
        (BOOT, DISCONNECT, CONNECT, ACCEPT),
        (DISCONNECT, CONNECT, BOOT, ACCEPT),
    ],
)
def test_the_latest_boot_is_accepted_whichever_is_read_first(device: Device, then: tuple[Event, ...]) -> None:
    """Serial port and network are read independently: banner and frames may come in any order."""
    timeline = device.bench.timeline
    for event in (*SEEN, PowerChange(on=False), PowerChange(on=True)):
        timeline.append(event)
    placed = [timeline.append(event) for event in then]
    assert device.wait_accepted().id == placed[then.index(ACCEPT)].id


@pytest.mark.parametrize("then", [(BOOT,), (DISCONNECT, BOOT), (DISCONNECT, BOOT, CONNECT)])
def test_an_earlier_boots_acceptance_does_not_count(
    device: Device, monkeypatch: pytest.MonkeyPatch, then: tuple[Event, ...]
) -> None:
    monkeypatch.setattr(Device, "ACCEPTED_TIMEOUT_S", 0)
    for event in (*SEEN, PowerChange(on=False), PowerChange(on=True), *then):
        device.bench.timeline.append(event)
    with pytest.raises(DeviceError, match="not accepted by the CSMS"):
        device.wait_accepted()


def test_the_first_boot_of_all_may_be_accepted_before_its_banner_is_read(device: Device) -> None:
    for event in (PowerChange(on=True), CONNECT, ACCEPT, BOOT):
        device.bench.timeline.append(event)
    assert device.wait_accepted()


EN_LOW = PinEdge(signal="control.en", level=True, driven=True)
EN_HIGH = PinEdge(signal="control.en", level=False, driven=True)
OFF, ON = PowerChange(on=False), PowerChange(on=True)
LATE = Boot(version="1", build="0badcafe", reset="external")


@pytest.mark.parametrize(
    "then",
    [
        (EN_LOW, EN_HIGH, LATE, OFF, ON, BOOT),
        (EN_LOW, EN_HIGH, OFF, LATE, ON, BOOT),
        (EN_LOW, EN_HIGH, OFF, ON, LATE, BOOT),
        (EN_LOW, EN_HIGH, OFF, ON, BOOT),
        (OFF, ON, OFF, BOOT, ON, BOOT),
    ],
)
def test_a_banner_that_is_read_after_the_chip_was_stopped_is_no_reboot(device: Device, then: tuple[Event, ...]) -> None:
    timeline = device.bench.timeline
    for event in (ON, BOOT, *then):
        timeline.append(event)
    assert timeline.trouble is None
    late = timeline.clock.now() + 3_000_000_000
    timeline.append(replace(BOOT, t=late, reset="brownout"))
    assert "rebooted unexpectedly (reset=brownout" in str(timeline.trouble)


def test_after_a_reset_in_the_middle_of_a_boot_the_next_reboot_is_unexpected(device: Device) -> None:
    timeline = device.bench.timeline
    for event in (OFF, ON, EN_LOW, EN_HIGH, LATE):
        timeline.append(event)
    assert timeline.trouble is None
    timeline.append(replace(BOOT, reset="software"))
    assert "rebooted unexpectedly (reset=software" in str(timeline.trouble)


MS = 1_000_000
SOFTWARE = replace(BOOT, reset="software")


@pytest.mark.parametrize(
    ("then", "unexpected"),
    [
        ((ON, BOOT, EN_LOW, EN_HIGH, OFF, LATE), ""),
        ((ON, BOOT, EN_LOW, EN_HIGH, OFF, LATE, LATE), "external"),
        ((OFF, ON, OFF, ON, BOOT, BOOT), ""),
        ((OFF, ON, OFF, ON, BOOT, BOOT, BOOT), "power_on"),
        ((ON, OFF, ON, SOFTWARE), ""),
        ((ON, OFF, ON, BOOT, SOFTWARE), "software"),
        ((ON, BOOT, OFF, SOFTWARE), "software"),
        ((ON, BOOT, EN_LOW, LATE), ""),
        ((ON, BOOT, EN_LOW, LATE, OFF), "external"),
        ((ON, BOOT, EN_LOW, LATE, EN_HIGH), "external"),
        ((EN_LOW, ON, EN_HIGH, BOOT), ""),
        ((EN_LOW, ON, EN_HIGH, LATE), "external"),
    ],
)
def test_each_run_of_the_chip_prints_one_banner(device: Device, then: tuple[Event, ...], unexpected: str) -> None:
    timeline = device.bench.timeline
    for event in then[:-1]:
        timeline.append(event)
        timeline.clock.deadline(0.001).wait_out()  # each has a stamp of its own
    assert timeline.trouble is None
    timeline.append(then[-1])
    assert f"(reset={unexpected}" in str(timeline.trouble) if unexpected else timeline.trouble is None


def test_a_banner_may_be_read_before_the_edge_of_en_is_published(device: Device) -> None:
    """The edge is published after it was driven, with the stamp of the drive. The run has one banner."""
    timeline = device.bench.timeline
    for event in (ON, BOOT, EN_LOW):
        timeline.append(event)
    made = timeline.clock.now()
    timeline.append(LATE)
    timeline.append(replace(EN_HIGH, t=made))
    assert timeline.trouble is None
    timeline.append(LATE)
    assert "rebooted unexpectedly (reset=external" in str(timeline.trouble)


@pytest.mark.parametrize(
    ("read_ms", "uncertainty_ms", "unexpected"),
    [(-5, 0, True), (-5, 16, False), (0, 0, False), (1990, 0, False), (2010, 0, True), (2010, 16, False)],
)
def test_stamps_and_their_uncertainties_decide_not_the_order_of_arrival(
    device: Device, read_ms: int, uncertainty_ms: int, unexpected: bool
) -> None:
    """The banner that is read last belongs to the earlier run by EN if its stamp and uncertainty allow that."""
    timeline = device.bench.timeline
    begin = timeline.clock.now()
    for event in (ON, BOOT, EN_LOW, EN_HIGH, OFF, ON, BOOT):
        timeline.append(replace(event, t=begin))
    timeline.append(replace(LATE, t=begin + read_ms * MS, uncertainty=uncertainty_ms * MS))
    assert (timeline.trouble is not None) == unexpected


def test_the_boot_after_a_panic_is_no_second_error(device: Device) -> None:
    """A test may have cleared the panic before the banner is read; a second boot interrupts again."""
    timeline = device.bench.timeline
    for event in (*SEEN, Panic(cause="crashed", backtrace=())):
        timeline.append(event)
    assert "panicked: crashed" in str(timeline.trouble)
    timeline.clear_trouble()
    timeline.append(replace(BOOT, reset="panic"))
    assert timeline.trouble is None
    timeline.append(replace(BOOT, reset="panic"))
    assert "rebooted unexpectedly (reset=panic)" in str(timeline.trouble)


PANIC = Panic(cause="crashed", backtrace=())
BY_PANIC = replace(BOOT, reset="panic")
READY = LogLine(text="app: ready", tag="app")


@pytest.mark.parametrize(
    ("then", "trouble"),
    [
        ((SOFTWARE,), ""),
        ((PANIC, BY_PANIC), ""),
        ((EN_LOW, EN_HIGH, LATE), ""),
        ((OFF, ON, BOOT), ""),
        ((SOFTWARE, SOFTWARE), "rebooted unexpectedly (reset=software"),
        ((SOFTWARE, PANIC, BY_PANIC), "panicked: crashed"),
        ((PANIC, BY_PANIC, PANIC), "panicked: crashed"),
        ((PANIC, BY_PANIC, BY_PANIC), "rebooted unexpectedly (reset=panic"),
        ((EN_LOW, EN_HIGH, LATE, SOFTWARE), "rebooted unexpectedly (reset=software"),
        ((SOFTWARE, OFF, ON, BOOT), ""),
    ],
)
def test_an_announced_reboot_covers_one_boot(device: Device, then: tuple[Event, ...], trouble: str) -> None:
    """A device that reboots repeatedly after a Reset is broken, even when one reboot was announced."""
    timeline = device.bench.timeline
    for event in SEEN:
        timeline.append(event)
    with contextlib.suppress(DeviceError), device.expecting_reboot() as reboot:
        placed = [timeline.append(event) for event in then]
        first = next(event for event in placed if isinstance(event, Boot))
        assert reboot.boot == first
        timeline.append(READY)
    assert trouble in str(timeline.trouble or "")
    assert (timeline.trouble is not None) == bool(trouble)


BROWN_OUT = replace(BOOT, reset="brownout")


@pytest.mark.parametrize(
    ("during", "after", "trouble"),
    [
        ((BROWN_OUT, BROWN_OUT), (BROWN_OUT,), ""),
        ((), (), ""),
        ((BROWN_OUT,), (replace(BROWN_OUT, t=3_000_000_000),), "rebooted unexpectedly (reset=brownout"),
        ((BROWN_OUT, SOFTWARE), (), "rebooted unexpectedly (reset=software"),
    ],
)
@pytest.mark.parametrize("announced", [False, True])
def test_brown_outs_of_a_low_supply_are_expected(
    device: Device, during: tuple[Event, ...], after: tuple[Event, ...], trouble: str, announced: bool
) -> None:
    """Each boot can cause the next brown-out, and the boot after the last one is read after the fault."""
    timeline = device.bench.timeline
    for event in SEEN:
        timeline.append(event)
    with contextlib.ExitStack() as block:
        if announced and during:
            block.enter_context(contextlib.suppress(DeviceError))
            reboot = block.enter_context(device.expecting_reboot())
        fault = timeline.append(FaultInjected(fault="low-supply", t=1))
        placed = [timeline.append(event) for event in during]
        lifted = FaultLifted(fault="low-supply", injected=fault.id, t=2)
        for event in (lifted, *after, READY):
            timeline.append(event)
        if announced and during:
            assert reboot.boot == placed[0]
    assert trouble in str(timeline.trouble or "")
    assert (timeline.trouble is not None) == bool(trouble)


def test_a_boot_due_before_the_announcement_does_not_use_it_up(device: Device) -> None:
    """The console may be read late: the banner of a power cycle comes after the next reboot was announced."""
    timeline = device.bench.timeline
    for event in (*SEEN, OFF, ON):
        timeline.append(event)
    with device.expecting_reboot() as reboot:
        timeline.append(BOOT)
        assert reboot.boot is None
        timeline.append(SOFTWARE)
        timeline.append(READY)
    assert timeline.trouble is None
