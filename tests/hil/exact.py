"""How exact a time may be expected to be: stepped time stands still while anybody works, real time does not."""

from __future__ import annotations

from typing import Any

import pytest

from rig.bench import Bench
from rig.timeline.events import Event


def about(bench: Bench, value: float, tolerance: float) -> Any:
    """A figure to compare with: the value itself in stepped time, anything close to it in real time.

    Args:
        bench: the bench.
        value: a time in bench seconds, or what follows from times, as a rate.
        tolerance: how far off it may be, in the same unit, where computers and wires are not infinitely fast.
    """
    # Bench time is whole nanoseconds, and a float of seconds nearly so.
    return pytest.approx(value, rel=0, abs=1e-6 if bench.clock.steps else tolerance)


def moment(event: Event) -> tuple[int, int]:
    """An event's place in time; of two at the same stamp, as in stepped time, the one that came first is first."""
    return event.t, event.id
