"""The device's telemetry: memory and loop figures, once a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from rig.timeline import Mark, Timeline
from rig.timeline.events import TelemetrySample
from rig.util.arguments import validate_one_of
from rig.util.checked import Count, Limits, Seconds, Text, checked
from rig.util.errors import AuthorError


@dataclass(frozen=True, slots=True)
class HeapTrend:
    """The trend of the free heap: a line fitted by least squares.

    Attributes:
        flat: whether the loss is within the tolerance.
        slope: bytes gained from one sample to the next; negative if they are lost.
        lost: bytes lost from the first to the last sample, on the line.
        samples: the number of samples.
    """

    flat: bool
    slope: float
    lost: float
    samples: int

    def __bool__(self) -> bool:
        return self.flat

    def __str__(self) -> str:
        verdict = "flat" if self.flat else "not flat"
        return f"heap {verdict}: {self.lost:.0f} bytes lost over {self.samples} samples ({self.slope:+.1f} a sample)"


@checked
def heap_flat(
    samples: Sequence[TelemetrySample], tolerance: Annotated[float, Limits(least=0)] = 512, name: Text = "heap_free"
) -> HeapTrend:
    """Judge whether the device loses memory, by a line fitted to samples.

    Args:
        samples: at least three samples, taken in comparable states of the device.
        tolerance: the largest accepted loss from the first to the last sample, in bytes.
        name: the name of the figure.

    Raises:
        AuthorError: there are fewer than three samples, or they lack the figure.
    """
    if len(samples) < 3:
        raise AuthorError(f"a trend needs at least 3 telemetry samples, not {len(samples)}")
    validate_one_of("the figure of a trend", name, set.intersection(*(set(sample.values) for sample in samples)))
    values = [sample.values[name] for sample in samples]
    count = len(values)
    mid = (count - 1) / 2
    mean = sum(values) / count
    slope = sum((i - mid) * (v - mean) for i, v in enumerate(values)) / sum((i - mid) ** 2 for i in range(count))
    lost = -slope * (count - 1)
    return HeapTrend(lost <= tolerance, slope, lost, count)


class Telemetry:
    """The telemetry records that the device printed.

    Args:
        timeline: the bench's timeline.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    @property
    def latest(self) -> TelemetrySample | None:
        """The latest record of the run; None before the first."""
        return self._timeline.last(TelemetrySample)

    @checked
    def samples(self, since: Mark | None = None) -> list[TelemetrySample]:
        """Return all records since a mark (None: since the test's start)."""
        return self._timeline.events(TelemetrySample, since or self._timeline.default_mark)

    @checked
    def expect(
        self, count: Count = 1, *, since: Mark | None = None, timeout: Seconds | None = None
    ) -> list[TelemetrySample]:
        """Wait until there are `count` records since a mark, and return them.

        Args:
            count: the number of records, at least 1.
            since: skip records before this mark; None for new records only.
            timeout: in bench seconds; None for two per record plus three.

        Raises:
            ExpectationError: there were too few records in time.
        """
        start = since or self._timeline.mark()
        limit = timeout if timeout is not None else 2 * count + 3
        seen: list[TelemetrySample] = []
        deadline = self._timeline.clock.deadline(limit)
        while len(seen) < count:
            after = Mark(seen[-1].id + 1) if seen else start
            seen.append(
                self._timeline.expect(
                    TelemetrySample,
                    since=after,
                    timeout=deadline,
                    what=f"telemetry record {len(seen) + 1} of {count}",
                    consume=False,
                )
            )
        return seen
