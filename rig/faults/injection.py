"""Injects a fault, and always lifts it."""

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
    """Inject a fault during a `with` block.

    `FaultInjected` is on the timeline before it begins, `FaultLifted` after everything is restored. All restoring steps
    run, even if the block or a step raises. No signal that ends the process interrupts them (`rig/util/signals.py`).

    Args:
        bench: the bench.
        fault: a fault of the catalogue.

    Yields:
        The `FaultInjected` event.

    Raises:
        BenchError: the bench lacks a capability that the fault needs, its state does not allow the fault, or it cannot
            be restored.
        DeviceError: the device misbehaved while the bench was restored.
    """
    lacking = sorted(fault.needs - bench.capabilities)
    if lacking:
        raise BenchError(
            f"The fault {fault.name} needs the capability {', '.join(lacking)}, which this bench lacks",
            "Mark the test with needs(...), or use a bench that has it",
        )
    fault.validate_possible(bench)
    injected = bench.timeline.append(FaultInjected(source="faults", fault=fault.name, arguments=fault.arguments()))
    restore = ExitStack()
    try:
        fault.apply(bench, restore)
        yield injected
    finally:
        with uninterrupted():
            _lift(bench, injected, restore)


def _lift(bench: Bench, injected: FaultInjected, restore: ExitStack) -> None:
    try:
        restore.close()
    except DeviceError:
        raise  # a failure of the device, not of the bench
    except Exception as error:
        what = f"The fault {injected.fault} could not be lifted: {error}"
        bench.timeline.append(BenchTrouble(source="faults", what=what))
        raise BenchError(what, "Reopen the bench") from error
    finally:
        bench.timeline.append(FaultLifted(source="faults", fault=injected.fault, injected=injected.id))
