"""How a fault happens, and is always taken back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack

from rig.faults.fault import Bench, Fault
from rig.timeline.events import BenchTrouble, FaultInjected, FaultLifted
from rig.util.errors import BenchError, DeviceError
from rig.util.signals import uninterrupted


@contextlib.contextmanager
def inject(bench: Bench, fault: Fault) -> Iterator[FaultInjected]:
    """Make a fault happen for as long as the block runs.

    `FaultInjected` is on the timeline before it begins, `FaultLifted` after everything is restored. What undoes it
    always runs, all of it, whether the block raises or one step of restoring fails, and no signal that ends the process
    interrupts it (`rig/util/signals.py`).

    Args:
        bench: where.
        fault: what, of the catalogue.

    Yields:
        The `FaultInjected` event.

    Raises:
        BenchError: the bench lacks a capability that the fault needs, is in a state that the fault does not go with, or
            cannot be restored.
        DeviceError: what the device did meanwhile.
    """
    lacking = sorted(fault.needs - bench.capabilities)
    if lacking:
        raise BenchError(
            f"The fault {fault.name} needs the capability {', '.join(lacking)}, which this bench lacks",
            "Mark the test with needs(...), or take a bench that has it",
        )
    fault.validate_possible(bench)
    injected = bench.timeline.append(FaultInjected(source="faults", fault=fault.name, arguments=fault.arguments()))
    restore = ExitStack()
    try:
        fault.apply(bench, restore)
        yield injected
    finally:
        with uninterrupted():
            _take_back(bench, injected, restore)


def _take_back(bench: Bench, injected: FaultInjected, restore: ExitStack) -> None:
    try:
        restore.close()
    except DeviceError:
        raise  # the device's own trouble is none of the bench's
    except Exception as error:
        what = f"The fault {injected.fault} could not be taken back: {error}"
        bench.timeline.append(BenchTrouble(source="faults", what=what))
        raise BenchError(what, "Open the bench anew") from error
    finally:
        bench.timeline.append(FaultLifted(source="faults", fault=injected.fault, injected=injected.id))
