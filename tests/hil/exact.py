"""Tolerances for times: stepped time stands still while bench or device works, real time does not."""

from __future__ import annotations

from typing import Any

import pytest

from rig.bench import Bench
from rig.timeline.events import Event


def about(bench: Bench, value: float, tolerance: float) -> Any:
    """Return an expected value: exact in stepped time, with a tolerance in real time.

    Args:
        bench: the bench.
        value: a time in bench seconds, or a quantity that follows from times, such as a rate.
        tolerance: the largest difference in real time, in the same unit, for the delays of computers and wires.
    """
    # Bench time is whole nanoseconds; a float of seconds is rounded.
    return pytest.approx(value, rel=0, abs=1e-6 if bench.clock.steps else tolerance)


def moment(event: Event) -> tuple[int, int]:
    """Return a sort key by time, and for equal stamps, as in stepped time, by order of arrival."""
    return event.t, event.id
