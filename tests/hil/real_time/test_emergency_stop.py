"""The delay from the emergency stop to the open contactor."""

from __future__ import annotations

import pytest

from fixtures.measure import Measure
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import SlowErase
from rig.instruments.console import Console
from rig.instruments.outputs import Outputs
from rig.timeline import Mark
from rig.timeline.events import PinEdge

pytestmark = pytest.mark.needs("inputs.emergency_stop", "outputs.contactor", "real_time")

LIMIT_MS = 20
"""From edge to contactor, in ms; the interrupt handler itself takes microseconds."""
VIRTUAL_LIMIT_MS = 100
"""The limit in ms if the handler is a thread of a busy computer: a quarter of the erase, which must not delay it."""


def measure_edge_to_contactor(measure: Measure, name: str, bench: Bench, since: Mark) -> None:
    """Measure from the emergency stop's edge to the contactor's edge, by their stamps."""
    pressed = bench.timeline.events(PinEdge, since, lambda e: e.signal == "inputs.emergency_stop" and e.level)[0]
    opened = bench.timeline.events(PinEdge, since, lambda e: e.signal == "outputs.contactor" and not e.level)[0]
    limit = VIRTUAL_LIMIT_MS if bench.description.kind == "virtual" else LIMIT_MS
    measure(name, (opened.t - pressed.t) / 1e6, "ms", high=limit, start=pressed, end=opened)


@pytest.mark.smoke
def test_contactor_opens_while_charging(
    device: Device, driver: EvDriver, csms: Csms, bench: Bench, outputs: Outputs, measure: Measure
) -> None:
    """The contactor opens at once while charging; the transaction stops with reason EmergencyStop."""
    driver.start_charge(csms)
    mark = bench.mark()
    driver.press_emergency_stop()
    outputs["contactor"].expect(False, since=mark)
    measure_edge_to_contactor(measure, "emergency stop to contactor", bench, mark)
    csms.expect("StopTransaction", reason="EmergencyStop")
    csms.expect_status("Faulted")
    driver.release_emergency_stop()
    csms.expect_status("Finishing")
    outputs["contactor"].expect_steady(False, within=0.2)


@pytest.mark.smoke
@pytest.mark.needs("test_hooks")
def test_contactor_opens_during_a_flash_erase(
    device: Device, driver: EvDriver, csms: Csms, bench: Bench, outputs: Outputs, console: Console, measure: Measure
) -> None:
    """A 400 ms flash erase, which blocks the loop, does not delay the contactor."""
    driver.start_charge(csms)
    with bench.inject(SlowErase(ms=400)):
        with device.erasing():
            mark = bench.mark()
            driver.press_emergency_stop()
            outputs["contactor"].expect(False, since=mark)
            measure_edge_to_contactor(measure, "emergency stop to contactor, erasing", bench, mark)
        csms.expect("StopTransaction", reason="EmergencyStop")
