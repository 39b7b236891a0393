"""Opens the connections to the board of a bench description: a real, virtual or emulated one."""

from __future__ import annotations

from pathlib import Path

from rig.config.description import Description
from rig.util.clock import BenchClock
from rig.wiring.access_points import open_access_point
from rig.wiring.current_sensors import open_current_sensor
from rig.wiring.interfaces import Wiring
from rig.wiring.pins import open_factory


def open_clock(description: Description) -> BenchClock:
    """Return a new clock for a bench: stepped for a virtual bench, unless its `time` is real."""
    if not description.is_stepped:
        return BenchClock()
    from rig.wiring.virtual.stepping.clock import SteppedClock  # a wired bench does not need it

    return SteppedClock()


def open_wiring(description: Description, clock: BenchClock, root: Path) -> Wiring:
    """Open the connections to the board of a bench description.

    Args:
        description: the bench.
        clock: the bench's clock, which a virtual board shares.
        root: the folder for the run directory of a virtual board.

    Raises:
        BenchError: the pins cannot be opened, or the virtual or emulated board cannot be built.
    """
    if description.kind == "virtual":
        from rig.wiring import virtual  # a wired bench does not need it

        return virtual.open_wiring(description, clock, root)

    if description.kind == "emulator":
        from rig.wiring import emulator  # a wired bench does not need it either

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
        current_sensor=open_current_sensor(description.power.current, clock),
        capabilities=frozenset({"real_time", *({"access_point"} if access_point else ())}),
        close=factory.close,
    )
