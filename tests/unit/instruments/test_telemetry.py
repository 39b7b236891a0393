"""Telemetry records and the heap trend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.instruments.telemetry import Telemetry, heap_flat
from rig.timeline import Timeline
from rig.timeline.events import TelemetrySample
from rig.util.errors import ExpectationError


def samples(*values: float) -> list[TelemetrySample]:
    return [TelemetrySample(values={"heap_free": value}) for value in values]


@given(st.lists(st.integers(-50, 50), min_size=50, max_size=200))
def test_noise_is_flat(noise: list[int]) -> None:
    assert heap_flat(samples(*(100_000 + n for n in noise)), tolerance=512)


@given(st.integers(5, 64), st.integers(200, 400))
def test_a_leak_is_not_flat(each: int, count: int) -> None:
    trend = heap_flat(samples(*(100_000 - each * n for n in range(count))), tolerance=512)
    assert not trend
    assert trend.slope == pytest.approx(-each)
    assert trend.lost == pytest.approx(each * (count - 1))


def test_a_gain_is_flat() -> None:
    assert heap_flat(samples(1, 1000, 2000), tolerance=0)


def test_two_samples_are_too_few_for_a_trend() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        heap_flat(samples(1, 2))


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
