"""A histogram of durations in fixed memory, with an error of at most 3 %."""

from __future__ import annotations

_STEPS = 32
"""The number of buckets for each power of two: a bucket is at most 1/32 wider than its lower limit."""
_UNIT_S = 1e-6
_POWERS = 40
"""The largest duration is 2^40 µs, about 12 days."""


class Histogram:
    """Counts of durations by bucket.

    Attributes:
        count: the number of durations.
        longest_s: the longest one, in seconds.
    """

    def __init__(self) -> None:
        self._buckets = [0] * (_POWERS * _STEPS)
        self.count = 0
        self.longest_s = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration in seconds. A negative one counts as 0."""
        units = max(0, int(seconds / _UNIT_S))
        self._buckets[min(_bucket(units), len(self._buckets) - 1)] += 1
        self.count += 1
        self.longest_s = max(self.longest_s, seconds)

    def percentile(self, percent: float) -> float:
        """Return the duration in seconds that `percent` of all durations do not exceed; 0 if there are none.

        Args:
            percent: above 0, at most 100.
        """
        wanted = self.count * percent / 100
        seen = 0
        for place, number in enumerate(self._buckets):
            seen += number
            if number and seen >= wanted:
                return min(_upper(place) * _UNIT_S, self.longest_s)
        return 0.0


def _bucket(units: int) -> int:
    """Return the bucket of a duration: linear up to 32 units, then 32 buckets for each power of two."""
    power = max(0, units.bit_length() - _STEPS.bit_length())
    return power * _STEPS + (units >> power)


def _upper(place: int) -> int:
    """Return the upper limit of a bucket in units."""
    if place < 2 * _STEPS:
        return place + 1
    power = place // _STEPS - 1
    return (place - power * _STEPS + 1) << power
