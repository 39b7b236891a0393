"""The sensor in the board's supply."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rig.timeline import Mark, Timeline
from rig.timeline.events import CurrentSample, FigureJudged
from rig.timeline.log_tail import console_tail
from rig.util.checked import Seconds, checked
from rig.util.errors import BenchError, ExpectationError, PlugbenchError
from rig.wiring.interfaces import Current, CurrentSensor

_MOST_SHOWN = 8
"""The maximum number of readings in a message."""


class CurrentMeter:
    """Publishes the readings of the current sensor, and checks their limits.

    A reading holds until the next one, so means are weighted by time.

    Args:
        timeline: gets a `CurrentSample` for each reading that differs from the previous one.
        sensor: the sensor; it is read from now on.

    Raises:
        BenchError: the sensor does not answer.
    """

    def __init__(self, timeline: Timeline, sensor: CurrentSensor) -> None:
        self._timeline = timeline
        self._sensor = sensor
        self._trouble: PlugbenchError | None = None
        self._last: Current | None = None
        sensor.start(self)

    def on_current(self, reading: Current, stamp: int) -> None:
        """Publish a reading of the sensor, in a thread of the sensor."""
        if reading == self._last:
            return
        self._last = reading
        self._timeline.append(
            CurrentSample(
                t=stamp,
                source="current",
                milliamperes=reading.milliamperes,
                volts=reading.volts,
                overflow=reading.overflow,
            )
        )

    def on_trouble(self, trouble: Exception) -> None:
        """Keep the reason why there are no more readings, for the next test that needs a reading."""
        self._trouble = trouble if isinstance(trouble, PlugbenchError) else BenchError(f"the current sensor: {trouble}")

    @property
    def now(self) -> CurrentSample:
        """The present reading.

        Raises:
            BenchError: the sensor does not answer any more.
        """
        if self._trouble is not None:
            raise self._trouble
        sample = self._timeline.last(CurrentSample)
        if sample is None:
            raise BenchError("the current sensor has no reading yet", "Wait for a CurrentSample first")
        return sample

    @checked
    def average_over(self, for_s: Seconds) -> float:
        """Measure for a time, and return the mean current of that time in mA.

        Args:
            for_s: the time in bench seconds.

        Raises:
            BenchError: the sensor does not answer any more, or its range was exceeded.
        """
        first, mark = self.now, self._timeline.mark()
        self._judge()
        start = self._timeline.clock.now()
        self._timeline.clock.deadline(for_s).wait_out()
        end = self._timeline.clock.now()
        return self._mean([first, *self._samples(mark)], start, end)

    @checked
    def expect_below(self, milliamperes: float, *, for_s: Seconds = 0.0, timeout: Seconds = 5.0) -> CurrentSample:
        """Wait until the current is below a limit and stays there for a time.

        Args:
            milliamperes: the limit, in mA.
            for_s: the time for which it must stay below, in bench seconds.
            timeout: the timeout for falling below the limit, in bench seconds.

        Returns:
            The reading below the limit, after which no reading was above it.

        Raises:
            ExpectationError: the current did not stay below the limit.
            BenchError: the sensor does not answer any more.
        """
        self._judge(high=milliamperes)
        return self._expect(f"current below {milliamperes:g} mA", lambda ma: ma < milliamperes, for_s, timeout)

    @checked
    def expect_above(self, milliamperes: float, *, for_s: Seconds = 0.0, timeout: Seconds = 5.0) -> CurrentSample:
        """Wait until the current is above a limit and stays there for a time. See `expect_below`."""
        self._judge(low=milliamperes)
        return self._expect(f"current above {milliamperes:g} mA", lambda ma: ma > milliamperes, for_s, timeout)

    def _judge(self, low: float | None = None, high: float | None = None) -> None:
        self._timeline.append(FigureJudged(source="current", figure="current", unit="mA", low=low, high=high))

    def _expect(self, what: str, wanted: Callable[[float], bool], for_s: float, timeout: float) -> CurrentSample:
        what = f"{what} for {for_s:g} s" if for_s else what
        clock = self._timeline.clock
        deadline, start = clock.deadline(timeout), clock.now()
        sample = self.now
        while True:
            if not wanted(sample.milliamperes):
                sample = self._timeline.expect(
                    CurrentSample,
                    lambda e: wanted(e.milliamperes),
                    since=Mark(sample.id + 1),
                    timeout=deadline,
                    what=what,
                    consume=False,
                    explain=lambda misses: self._explain(misses),
                    lane="current",
                )
            stays_until = max(start, sample.t) + round(for_s * 1e9)
            try:
                sample = self._timeline.expect(
                    CurrentSample,
                    lambda e: not wanted(e.milliamperes),
                    since=Mark(sample.id + 1),
                    timeout=max(0.0, (stays_until - clock.now()) / 1e9),
                    consume=False,
                )
            except ExpectationError:
                _ = self.now  # raises for a silent sensor, which has no reading above the limit either
                return sample

    def _explain(self, misses: Sequence[CurrentSample]) -> str:
        now = self.now
        seen = (
            f"; readings since: {', '.join(f'{e.milliamperes:.1f}' for e in misses[-_MOST_SHOWN:])}" if misses else ""
        )
        return (
            f"nearest miss: it is {now.milliamperes:.1f} mA at {now.volts:.2f} V{seen}\n{console_tail(self._timeline)}"
        )

    def _samples(self, since: Mark) -> list[CurrentSample]:
        _ = self.now
        return self._timeline.events(CurrentSample, since)

    def _mean(self, samples: Sequence[CurrentSample], start: int, end: int) -> float:
        samples = [samples[0], *(sample for sample in samples[1:] if start < sample.t <= end)]
        if any(sample.overflow for sample in samples):
            raise BenchError(
                "the current was outside of the range of the sensor", "Give a larger power.current.max_ma, or shunt"
            )
        if end == start:
            return samples[-1].milliamperes
        ends = [*(sample.t for sample in samples[1:]), end]
        begins = [start, *ends[:-1]]
        charge = sum(s.milliamperes * (until - since) for s, since, until in zip(samples, begins, ends, strict=True))
        return charge / (end - start)

    def close(self) -> None:
        """Stop reading the sensor."""
        self._sensor.close()
