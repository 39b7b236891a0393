"""Each fault of the catalogue, with its default arguments."""

from __future__ import annotations

import contextlib

import pytest

from rig.bench import Bench
from rig.device import Device
from rig.faults import CATALOGUE, Fault
from rig.timeline.events import Panic

IDLE_AGAIN_S = 60.0


@pytest.mark.needs("ocpp")
@pytest.mark.parametrize(
    "fault", [pytest.param(fault, marks=pytest.mark.needs(*fault.needs), id=name) for name, fault in CATALOGUE.items()]
)
def test_a_fault_happens_and_leaves_an_idle_device(hasty_device: Device, bench: Bench, fault: type[Fault]) -> None:
    """No fault outlives its end, and none makes the firmware panic."""
    since = bench.mark()
    rebooting = hasty_device.expecting_reboot() if fault.reboots else contextlib.nullcontext()
    with rebooting, bench.inject(fault()):
        hasty_device.let_time_pass(0.1)
    hasty_device.wait_idle(IDLE_AGAIN_S)
    # The watch ignores a panic while a reboot is expected.
    bench.timeline.expect_none(Panic, since=since, within=0, what="a panic of the device")
