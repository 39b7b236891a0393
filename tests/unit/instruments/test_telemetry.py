"""Telemetry records, and the verdict on leaks made of them."""

from __future__ import annotations

import pytest

from rig.instruments.telemetry import Telemetry
from rig.timeline import Timeline
from rig.timeline.events import Boot, LinkChange, OcppFrame, TelemetrySample
from rig.util.errors import AuthorError, ExpectationError


def samples(*values: float) -> list[TelemetrySample]:
    return [TelemetrySample(values={"heap_free": value}) for value in values]


def reconnects(timeline: Timeline, free: list[float]) -> Telemetry:
    """Put a reconnect and a telemetry record on the timeline for each figure of the free heap."""
    for value in free:
        timeline.append(LinkChange(charge_point="CP-1", connected=False))
        timeline.append(LinkChange(charge_point="CP-1", connected=True))
        timeline.append(samples(value)[0])
    return Telemetry(timeline)


def test_a_leak_per_reconnect_fails_with_its_size_and_unit(timeline: Timeline) -> None:
    telemetry = reconnects(timeline, [100_000 - 64 * n for n in range(201)])
    with pytest.raises(ExpectationError, match=r"heap_free: 64 bytes lost per reconnect .* over 200 reconnects"):
        telemetry.no_leak(per="reconnect", over=200)


def test_no_leak_states_what_was_visible(timeline: Timeline) -> None:
    trend = reconnects(timeline, [100_000.0] * 201).no_leak(per="reconnect", over=200)
    assert str(trend).endswith("a leak of 0.01 bytes per reconnect is visible")


def test_too_few_cycles_are_not_judged(timeline: Timeline) -> None:
    with pytest.raises(AuthorError, match="no verdict, there were only 99 reconnects between samples"):
        reconnects(timeline, [100_000.0] * 100).no_leak(per="reconnect", over=200)


def test_noise_that_could_hide_the_leak_is_not_judged(timeline: Timeline) -> None:
    telemetry = reconnects(timeline, [100_000 + 40_000.0 * (n % 2) for n in range(201)])
    with pytest.raises(AuthorError, match="vary too much to show 64 bytes per reconnect"):
        telemetry.no_leak(per="reconnect", over=200)


def test_a_run_with_a_reboot_is_not_judged(timeline: Timeline) -> None:
    reconnects(timeline, [100_000.0] * 30)
    timeline.append(Boot(version="1", build="1", reset="panic"))
    with pytest.raises(AuthorError, match="the device rebooted"):
        reconnects(timeline, [100_000.0] * 30).no_leak(per="reconnect", over=20)


def test_charges_messages_and_seconds_are_counted(timeline: Timeline) -> None:
    for n in range(40):
        for direction, kind in (("received", "CALL"), ("sent", "CALLRESULT")):
            timeline.append(
                OcppFrame(
                    charge_point="CP-1",
                    direction=direction,  # type: ignore[arg-type]
                    message_type=kind,  # type: ignore[arg-type]
                    unique_id=str(n),
                    action="StopTransaction",
                )
            )
        timeline.append(TelemetrySample(t=1_000_000_000 * (2 * n + 1), values={"heap_free": 1000.0}))
    telemetry = Telemetry(timeline)
    assert telemetry.no_leak(per="charge", over=39).cycles == 39
    assert telemetry.no_leak(per="message", over=39).cycles == 39
    assert telemetry.no_leak(per="second", over=78).cycles == 78


def test_samples_since_a_mark(timeline: Timeline) -> None:
    telemetry = Telemetry(timeline)
    assert telemetry.latest is None
    timeline.append(samples(1)[0])
    mark = timeline.mark()
    timeline.append(samples(2)[0])
    timeline.append(samples(3)[0])
    assert [s.values["heap_free"] for s in telemetry.samples(mark)] == [2, 3]
    assert [s.values["heap_free"] for s in telemetry.expect(2, since=mark, timeout=0)] == [2, 3]
    assert telemetry.latest == telemetry.samples()[-1]


def test_a_record_that_does_not_come(timeline: Timeline) -> None:
    with pytest.raises(ExpectationError, match="telemetry record 1 of 2"):
        Telemetry(timeline).expect(2, timeout=0.01)
