"""The limits of a load, such as `p95=200`, and the figures that exceed them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from rig.load.figures import Figures
from rig.util.errors import AuthorError

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")
_COUNTS = ("errors", "timeouts", "lost", "refused", "invalid")
_KINDS = f"p50, p95, p99.9, max (in ms), rate (calls/s at least), {', '.join(_COUNTS)} (at most)"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of one figure.

    Attributes:
        figure: `p95`, `max`, `rate`, `errors` or another count.
        value: the limit in milliseconds, in calls/s, or as a number.
    """

    figure: str
    value: float

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read a limit such as `p95=200` or `errors=0`.

        Raises:
            AuthorError: the text is no limit.
        """
        figure, equals, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        is_known = figure in ("max", "rate", *_COUNTS) or _PERCENTILE.fullmatch(figure)
        if not equals or not is_known or not 0 <= number < math.inf or figure in ("p0", "p00"):
            raise AuthorError(f"{text!r} is not a limit such as p95=200. Figures: {_KINDS}")
        return cls(figure, number)

    def exceeded(self, figures: Figures) -> str:
        """Return in words how the limit is exceeded; empty if it is met."""
        found = self._found(figures)
        if found >= self.value if self.figure == "rate" else found <= self.value:
            return ""
        unit = " calls/s" if self.figure == "rate" else "" if self.figure in _COUNTS else " ms"
        needed = "at least" if self.figure == "rate" else "at most"
        return f"{self.figure} is {found:.4g}{unit}, {needed} {self.value:g}{unit} is accepted"

    def _found(self, figures: Figures) -> float:
        if self.figure == "max":
            return figures.times.longest_s * 1000
        if self.figure == "rate":
            return figures.rate
        if self.figure in _COUNTS:
            return float(figures.counts()[self.figure])
        return figures.times.percentile(float(self.figure[1:])) * 1000
