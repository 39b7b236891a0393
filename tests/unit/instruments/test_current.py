"""The current meter: means, limits for a time, and a sensor in trouble."""

from __future__ import annotations

import threading

import pytest

from rig.instruments.current import CurrentMeter
from rig.timeline import Timeline
from rig.timeline.events import CurrentSample
from rig.util.clock import BenchClock
from rig.util.errors import BenchError, ExpectationError
from rig.wiring.interfaces import Current, CurrentListener


class Sensor:
    """A sensor that has readings at given bench seconds."""

    def __init__(self, clock: BenchClock, milliamperes: float = 40.0) -> None:
        self.clock = clock
        self.first = milliamperes
        self.listener: CurrentListener | None = None
        self.closed = False

    def start(self, listener: CurrentListener) -> None:
        self.listener = listener
        self.draw(self.first)

    def draw(self, milliamperes: float, *, overflow: bool = False) -> None:
        assert self.listener is not None
        self.listener.on_current(Current(milliamperes, 3.3, overflow), self.clock.now())

    def wait(self, seconds: float) -> None:
        self.clock.deadline(seconds).wait_out()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def timeline(clock: BenchClock) -> Timeline:
    return Timeline(clock)


@pytest.fixture
def sensor(clock: BenchClock) -> Sensor:
    return Sensor(clock)


@pytest.fixture
def meter(timeline: Timeline, sensor: Sensor) -> CurrentMeter:
    return CurrentMeter(timeline, sensor)


def test_a_reading_that_has_not_changed_is_no_event(meter: CurrentMeter, sensor: Sensor, timeline: Timeline) -> None:
    sensor.draw(40)
    sensor.draw(41)
    assert [event.milliamperes for event in timeline.events(CurrentSample)] == [40, 41]
    assert meter.now.milliamperes == 41


def test_a_mean_of_one_reading_is_that_reading(meter: CurrentMeter) -> None:
    assert meter.average_over(2) == 40


def test_a_mean_is_weighted_by_time(meter: CurrentMeter, clock: BenchClock) -> None:
    start = clock.now()
    second = 1_000_000_000
    samples = [
        CurrentSample(t=start - second, milliamperes=40, volts=3.3),
        CurrentSample(t=start + second, milliamperes=100, volts=3.3),
        CurrentSample(t=start + 3 * second, milliamperes=20, volts=3.3),
    ]
    assert meter._mean(samples, start, start + 4 * second) == pytest.approx((40 + 2 * 100 + 20) / 4)


def test_no_mean_is_made_from_a_reading_outside_of_the_range(meter: CurrentMeter, sensor: Sensor) -> None:
    sensor.draw(1_000, overflow=True)
    with pytest.raises(BenchError, match=r"outside of the range of the sensor.*max_ma"):
        meter.average_over(1)


def test_below_holds_at_once_without_a_time(meter: CurrentMeter, clock: BenchClock) -> None:
    start = clock.now()
    assert meter.expect_below(41).milliamperes == 40
    assert clock.now() == start


def test_below_for_a_time_waits_it_out(meter: CurrentMeter, clock: BenchClock) -> None:
    start = clock.now()
    meter.expect_below(41, for_s=3)
    assert clock.now() - start == 3_000_000_000


def test_a_limit_is_not_within_it(meter: CurrentMeter) -> None:
    with pytest.raises(ExpectationError, match=r"current below 40 mA\nnearest miss: it is 40\.0 mA at 3\.30 V"):
        meter.expect_below(40, timeout=0.5)
    with pytest.raises(ExpectationError, match="current above 40 mA"):
        meter.expect_above(40, timeout=0.5)


def test_a_miss_is_drawn_in_the_lane_of_the_current(meter: CurrentMeter) -> None:
    with pytest.raises(ExpectationError) as failure:
        meter.expect_above(100, timeout=0.5)
    assert failure.value.miss is not None
    assert failure.value.miss.lane == "current"


def test_a_peak_within_the_time_fails_when_it_lasts(meter: CurrentMeter, sensor: Sensor, clock: BenchClock) -> None:
    loop = clock.event_loop("peak")
    loop.call_later(1, lambda: sensor.draw(90))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        with pytest.raises(ExpectationError, match="current below 60 mA for 5 s"):
            meter.expect_below(60, for_s=5, timeout=4)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_sensor_in_trouble_fails_every_question(meter: CurrentMeter) -> None:
    meter.on_trouble(OSError("gone"))
    for ask in (lambda: meter.now, lambda: meter.average_over(1), lambda: meter.expect_below(1_000)):
        with pytest.raises(BenchError, match="gone"):
            ask()


def test_closing_stops_the_sensor(meter: CurrentMeter, sensor: Sensor) -> None:
    meter.close()
    assert sensor.closed
