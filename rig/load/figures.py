"""The figures of a load."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rig.load.histogram import Histogram

_MOST_REASONS = 32


@dataclass(slots=True)
class Figures:
    """The figures of a load so far.

    Attributes:
        times: the durations from the planned moment of each call to its answer.
        started: the number of calls that were sent.
        call_errors: the number of CALLERROR answers.
        invalid: the number of answers that break their schema, or are no answers to the call.
        timeouts: the number of calls without an answer in time.
        lost: the number of connections that ended before the end of the load.
        refused: the number of failed attempts to connect or to register.
        connected: the number of charge points that are connected and accepted now.
        reached: the largest value of `connected` so far.
        reasons: the reasons of failures, with their numbers.
        elapsed_s: the duration of the load, in real seconds.
    """

    times: Histogram = field(default_factory=Histogram)
    started: int = 0
    call_errors: int = 0
    invalid: int = 0
    timeouts: int = 0
    lost: int = 0
    refused: int = 0
    connected: int = 0
    reached: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    elapsed_s: float = 0.0

    @property
    def rate(self) -> float:
        """The number of answered calls in each second."""
        return self.times.count / self.elapsed_s if self.elapsed_s else 0.0

    def counts(self) -> dict[str, int]:
        """Return the numbers of failures by kind; `errors` is their sum without the refusals."""
        failures = {"timeouts": self.timeouts, "lost": self.lost, "refused": self.refused, "invalid": self.invalid}
        return {"errors": self.call_errors + self.invalid + self.timeouts + self.lost, **failures}

    def note(self, reason: str) -> None:
        """Count a reason. If there are too many different reasons, count it as `other`."""
        self.reasons[reason if reason in self.reasons or len(self.reasons) < _MOST_REASONS else "other"] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the figures as JSON; durations in milliseconds."""
        times = {f"p{percent:g}_ms": round(self.times.percentile(percent) * 1000, 3) for percent in (50, 90, 95, 99)}
        return {
            "elapsed_s": round(self.elapsed_s, 3),
            "started": self.started,
            "answered": self.times.count,
            "rate": round(self.rate, 2),
            **times,
            "max_ms": round(self.times.longest_s * 1000, 3),
            "call_errors": self.call_errors,
            **self.counts(),
            "reached": self.reached,
            "reasons": dict(self.reasons),
        }
