"""The memory that a device loses in each cycle of its work: a slope and its 99 % interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from rig.util.errors import AuthorError

FEWEST_POINTS = 20
"""With fewer points Sen's interval is too wide to be of use, and its normal approximation does not hold."""
_MOST_POINTS = 256
"""If there are more points, neighbours are merged, because the time grows with the square of the number."""
_Z_99 = 2.5758
"""The two-sided 99 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class MemoryTrend:
    """The memory that the device lost in each cycle.

    Attributes:
        per: the cycle, such as `reconnect`.
        figure: the name of the figure of the telemetry.
        cycles: the number of cycles from the first to the last sample.
        samples: the number of samples.
        slope: bytes lost per cycle; negative if memory is gained.
        low: the lower end of the slope's 99 % interval, in bytes per cycle.
        high: the upper end of the slope's 99 % interval, in bytes per cycle.
    """

    per: str
    figure: str
    cycles: int
    samples: int
    slope: float
    low: float
    high: float

    @property
    def leaks(self) -> bool:
        """Whether the whole interval lies above 0: the device loses memory."""
        return self.low > 0

    @property
    def visible(self) -> float:
        """The smallest leak that these samples can show, in bytes per cycle."""
        return max(self.slope - self.low, self.high - self.slope, 1 / self.cycles)

    def __str__(self) -> str:
        return (
            f"{self.figure}: {_figure(self.slope)} bytes lost per {self.per} "
            f"(99 % interval {_figure(self.low)} to {_figure(self.high)}) over {self.cycles} {self.per}s and "
            f"{self.samples} samples; a leak of {_figure(self.visible)} bytes per {self.per} is visible"
        )


def memory_trend(points: Sequence[tuple[int, float]], per: str, figure: str = "heap_free") -> MemoryTrend:
    """Estimate the memory that is lost in each cycle.

    The slope is the median of the slopes between all pairs of points (Theil and Sen), which a fifth of outliers hardly
    changes. The interval of Sen (1968) at 99 % assumes independent samples, so it is widened to at least `slope` ± 2 R
    / cycles. R is the range of the deviations from the line, without the largest and the smallest tenth. A single loss
    of R bytes, or a slow rise and fall by R, cannot cause a steeper slope.

    Args:
        points: for each sample the number of cycles before it, ascending, and the free memory in bytes.
        per: the cycle, such as `reconnect`.
        figure: the name of the figure.

    Raises:
        AuthorError: fewer than 20 cycles have a sample.
    """
    merged = _merged(points)
    if len(merged) < FEWEST_POINTS:
        raise AuthorError(
            f"no memory trend of {figure} per {per}: only {len(merged)} cycles have a telemetry sample, "
            f"and {FEWEST_POINTS} are needed. Take a sample after each {per}"
        )
    slopes = sorted((before - after) / (end - start) for (start, before), (end, after) in combinations(merged, 2))
    slope = median(slopes)
    reach = _Z_99 * math.sqrt(_variance([value for _, value in merged]))
    lowest = max(0, math.floor((len(slopes) - reach) / 2))
    highest = min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))
    cycles = merged[-1][0] - merged[0][0]
    deviations = sorted(value + slope * cycle for cycle, value in merged)
    outermost = len(deviations) // 10
    wave = 2 * (deviations[-1 - outermost] - deviations[outermost]) / cycles
    return MemoryTrend(
        per=per,
        figure=figure,
        cycles=round(cycles),
        samples=len(points),
        slope=slope,
        low=min(slopes[lowest], slope - wave),
        high=max(slopes[highest], slope + wave),
    )


def _merged(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """Return one point for each cycle, or the medians of neighbouring cycles if there are too many."""
    by_cycle: dict[int, list[float]] = {}
    for cycle, value in points:
        by_cycle.setdefault(cycle, []).append(value)
    each = [(float(cycle), median(values)) for cycle, values in sorted(by_cycle.items())]
    size = -(-len(each) // _MOST_POINTS)
    if size <= 1:
        return each
    groups = [each[at : at + size] for at in range(0, len(each), size)]
    return [(median(cycle for cycle, _ in group), median(value for _, value in group)) for group in groups]


def _variance(values: Sequence[float]) -> float:
    """Return the variance of Kendall's S for values with ties."""
    count = len(values)
    ties: dict[float, int] = {}
    for value in values:
        ties[value] = ties.get(value, 0) + 1
    tied = sum(size * (size - 1) * (2 * size + 5) for size in ties.values())
    return (count * (count - 1) * (2 * count + 5) - tied) / 18


def _figure(value: float) -> str:
    # A slope that rounds to zero has no sign.
    return f"{round(value, 2) + 0.0:.3g}" if abs(value) < 99.95 else f"{value:,.0f}"
