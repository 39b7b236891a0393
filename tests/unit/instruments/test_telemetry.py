"""Telemetry records, and the verdict on leaks made of them."""

from __future__ import annotations

import random
import threading

import pytest

from rig.instruments.telemetry import Telemetry
from rig.timeline import Timeline
from rig.timeline.events import Boot, FigureJudged, LinkChange, OcppFrame, TelemetrySample
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
    with pytest.raises(AuthorError, match="vary too much to rule out 64 bytes per reconnect"):
        telemetry.no_leak(per="reconnect", over=200)


@pytest.mark.parametrize("seed", range(20))
def test_noise_never_lets_a_leak_pass(timeline: Timeline, seed: int) -> None:
    """Noise of half of a kilobyte and few reconnects: the leak is found or not judged."""
    rng = random.Random(seed)
    telemetry = reconnects(timeline, [100_000 - 64 * n + rng.uniform(-500, 500) for n in range(26)])
    with pytest.raises((AuthorError, ExpectationError), match=r"64 bytes per reconnect|loses memory"):
        telemetry.no_leak(per="reconnect", over=20)


def test_a_large_leak_is_stated_in_whole_bytes(timeline: Timeline) -> None:
    telemetry = reconnects(timeline, [1_000_000 - 16_384 * n for n in range(31)])
    with pytest.raises(ExpectationError, match=r"16,384 bytes lost per reconnect \(99 % interval 16,384 to 16,384\)"):
        telemetry.no_leak(per="reconnect", over=20)


def test_a_run_with_a_reboot_is_not_judged(timeline: Timeline) -> None:
    reconnects(timeline, [100_000.0] * 30)
    timeline.append(Boot(version="1", build="1", reset="panic"))
    with pytest.raises(AuthorError, match="the device rebooted"):
        reconnects(timeline, [100_000.0] * 30).no_leak(per="reconnect", over=20)


def test_a_figure_that_is_not_in_bytes_is_not_judged(timeline: Timeline) -> None:
    for second in range(30):
        timeline.append(TelemetrySample(t=second * 1_000_000_000, values={"uptime_ms": 1000.0 * second}))
    telemetry = Telemetry(timeline, lambda: {"uptime_ms": "ms"})
    with pytest.raises(AuthorError, match="the unit of 'uptime_ms' is 'ms'"):
        telemetry.no_leak(per="second", over=20, name="uptime_ms")


def test_crossed_limits_of_a_growth_are_an_error_of_the_test(timeline: Timeline) -> None:
    with pytest.raises(AuthorError, match="least=5 is above most=4"):
        Telemetry(timeline).expect_growth("rx", least=5, most=4, for_s=1)


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


def with_records(timeline: Timeline, *records: dict[str, float]) -> threading.Thread:
    """Put a record on the timeline after each second of bench time, in a thread of its own."""
    loop = timeline.clock.event_loop("records")
    for number, values in enumerate(records, start=1):
        loop.call_later(number, timeline.append, TelemetrySample(values=values))
    loop.call_later(len(records) + 60, loop.stop)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    return thread


def test_a_figure_within_its_limits_in_each_record_of_the_time(timeline: Timeline) -> None:
    with_records(timeline, {"cpu": 10}, {"cpu": 20}, {"cpu": 30}, {"cpu": 900})
    assert Telemetry(timeline).expect_within("cpu", most=30, for_s=3) == [10, 20, 30]


@pytest.mark.parametrize(("limits", "says"), [({"most": 19}, "at most 19 permille"), ({"least": 11}, "at least 11")])
def test_a_figure_that_breaks_a_limit_fails_at_once(timeline: Timeline, limits: dict[str, float], says: str) -> None:
    with_records(timeline, {"cpu": 10}, {"cpu": 20}, {"cpu": 30})
    telemetry = Telemetry(timeline, lambda: {"cpu": "permille"})
    with pytest.raises(ExpectationError, match=f"expected cpu {says}"):
        telemetry.expect_within("cpu", for_s=10, **limits)
    assert len(timeline.events(TelemetrySample)) < 3


def test_growth_is_that_from_the_first_record_to_the_last(timeline: Timeline) -> None:
    with_records(timeline, {"rx": 100}, {"rx": 150}, {"rx": 175}, {"rx": 900})
    assert Telemetry(timeline).expect_growth("rx", most=80, for_s=2) == 75


def test_too_much_growth_fails_with_the_unit_of_the_device(timeline: Timeline) -> None:
    with_records(timeline, {"rx": 100}, {"rx": 150})
    with pytest.raises(ExpectationError, match="expected growth of rx at least 0 B and at most 49 B, but it is 50 B"):
        Telemetry(timeline, lambda: {"rx": "B"}).expect_growth("rx", most=49, for_s=1)


def test_growth_over_a_reboot_is_not_judged(timeline: Timeline) -> None:
    loop_records = [{"rx": 100.0}, {"rx": 5.0}]
    with_records(timeline, *loop_records)
    boot = timeline.clock.event_loop("boot")
    boot.call_later(1.5, timeline.append, Boot(version="1", build="1", reset="panic"))
    boot.call_later(60, boot.stop)
    threading.Thread(target=boot.run_forever, daemon=True).start()
    with pytest.raises(AuthorError, match="the device rebooted"):
        Telemetry(timeline).expect_growth("rx", most=100, for_s=1)


def test_an_unknown_figure_is_an_error_of_the_test(timeline: Timeline) -> None:
    with_records(timeline, {"cpu": 10})
    with pytest.raises(AuthorError, match=r"figure of the telemetry.*cpuu.*cpu"):
        Telemetry(timeline).expect_within("cpuu", most=1)
    with pytest.raises(AuthorError, match="give a limit"):
        Telemetry(timeline).expect_within("cpu")


def test_the_assertion_is_on_the_timeline_with_the_unit_of_the_device(timeline: Timeline) -> None:
    with_records(timeline, {"cpu": 10})
    Telemetry(timeline, lambda: {"cpu": "permille"}).expect_within("cpu", most=30, for_s=0)
    (judged,) = timeline.events(FigureJudged)
    assert (judged.figure, judged.unit, judged.high, judged.growth) == ("cpu", "permille", 30, False)
