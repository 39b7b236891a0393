"""Opens the seams of the bench that a description names: real wires, the virtual board, or the emulated one."""

from __future__ import annotations

from pathlib import Path

from rig.config.description import Description
from rig.util.clock import BenchClock
from rig.wiring.access_points import open_access_point
from rig.wiring.interfaces import Wiring
from rig.wiring.pins import open_factory


def open_clock(description: Description) -> BenchClock:
    """The clock of a bench: stepped where a virtual bench does not ask for real time."""
    if not description.is_stepped:
        return BenchClock()
    from rig.wiring.virtual.stepping.clock import SteppedClock  # a wired bench has no use for it

    return SteppedClock()


def open_wiring(description: Description, clock: BenchClock, root: Path) -> Wiring:
    """The ends that a bench description names.

    Args:
        description: the bench.
        clock: the bench's clock, which a virtual board shares.
        root: the folder that a virtual board may keep its run directory in.

    Raises:
        BenchError: the pins cannot be opened, or the virtual or emulated board cannot be built.
    """
    if description.kind == "virtual":
        from rig.wiring import virtual  # a wired bench has no use for it

        return virtual.open_wiring(description, clock, root)

    if description.kind == "emulator":
        from rig.wiring import emulator  # as above

        return emulator.open_wiring(description, clock, root)

    factory = open_factory("lgpio")
    access_point = open_access_point(description.network.access_point)
    milliseconds = description.console.uncertainty_ms
    return Wiring(
        pin_factory=factory,
        serial_url=description.console.port or "",
        clock=clock,
        serial_uncertainty=16_000_000 if milliseconds is None else round(milliseconds * 1e6),
        access_point=access_point,
        capabilities=frozenset({"real_time", *({"access_point"} if access_point else ())}),
        close=factory.close,
    )
