"""The bench watches the device while the test computes. In stepped time the device does not run meanwhile."""

from __future__ import annotations

import pytest

from fixtures.measure import Measure
from rig.bench import Bench
from rig.device import Device
from rig.instruments.console import Console
from rig.timeline.events import Panic
from rig.util.errors import DeviceError

AT_ONCE_S = 5
"""The longest time in s from the panic to the interruption, on a busy computer.

Without the watch, only the test's time limit would interrupt the test.
"""


@pytest.mark.needs("test_hooks", "real_time")
def test_a_crash_interrupts_a_test_that_computes(
    device: Device, console: Console, bench: Bench, measure: Measure
) -> None:
    """A panic interrupts a test that computes and makes no call of the bench."""
    console.send("crash abort")
    with pytest.raises(DeviceError, match="the device panicked: abort"):
        _count_for_ever()
    panic = bench.timeline.last(Panic)
    assert panic is not None
    now = bench.clock.now()
    measure("panic to its error", bench.clock.between(panic.t, now), "s", high=AT_ONCE_S, start=panic, end=now)
    bench.timeline.clear_trouble()
    device.make_idle()


def _count_for_ever() -> None:
    while True:
        pass
