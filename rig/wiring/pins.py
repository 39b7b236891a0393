"""Pins by gpiozero, with what gpiozero does not give: a factory by its name, and edges with their exact stamps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, runtime_checkable

from gpiozero import Factory, Pin

from rig.util.errors import BenchError
from rig.wiring.interfaces import EdgeCallback

FACTORIES = ("lgpio", "virtual")


@runtime_checkable
class _WatchesEdges(Protocol):
    def watch_edges(self, callback: EdgeCallback) -> Callable[[], None]: ...


def open_factory(name: str, chip: int | None = None) -> Factory:
    """gpiozero's pin factory of that name, and no other: gpiozero itself would fall back to another one silently.

    Args:
        name: `lgpio` for a Pi's own pins, `virtual` for pins that end nowhere (the virtual bench joins its own).
        chip: number of the gpiochip for `lgpio`; None: the one of the header.

    Raises:
        BenchError: an unknown name, or the pins cannot be opened.
    """
    if name == "virtual":
        from rig.wiring.virtual.pins import VirtualPinFactory

        return VirtualPinFactory()
    if name != "lgpio":
        raise BenchError(f"pin factory {name!r} is unknown", f"Allowed: {', '.join(FACTORIES)}")
    try:
        with _lgpio_in_a_passing_folder():
            from rig.wiring.lgpio_pins import StampedPinFactory

        return StampedPinFactory(chip)
    except ImportError as problem:
        raise BenchError(f"lgpio cannot be loaded ({problem})", "Install Debian's python3-lgpio") from None
    except Exception as problem:  # lgpio.error and gpiozero's own have no common base
        raise BenchError(
            f"the Pi's pins cannot be opened: {problem}",
            "Run on the Pi, as a member of the group gpio; `ls -l /dev/gpiochip*` shows the group",
        ) from None


@contextmanager
def _lgpio_in_a_passing_folder() -> Iterator[None]:
    """Where lgpio is loaded: it goes to the folder LG_WD, else stays in this one, and opens a FIFO there for good.

    Two processes in one folder would read each other's edges from it. Once both ends are open, nobody needs its name.
    """
    here, before = Path.cwd(), os.environ.get("LG_WD")
    with TemporaryDirectory(prefix="plugbench-") as folder:
        os.environ["LG_WD"] = folder
        try:
            yield
        finally:
            os.chdir(here)
            if before is None:
                del os.environ["LG_WD"]
            else:
                os.environ["LG_WD"] = before


def watch_edges(pin: Pin, callback: EdgeCallback) -> Callable[[], None]:
    """Call `callback(level, t_ns)` at each edge of an input pin, with the stamp of the edge itself.

    On lgpio the stamp is the kernel's, taken in the interrupt. The callback runs in a thread of the factory and must
    not block. The pin must not be watched through gpiozero's `when_changed` at the same time.

    Args:
        pin: a pin of a factory that `open_factory` gave, already an input with its pull.
        callback: called with the new level, True is high, whatever the signal's polarity.

    Returns:
        What ends the watching.

    Raises:
        BenchError: the pin's factory has no exact stamps.
    """
    if isinstance(pin, _WatchesEdges):
        return pin.watch_edges(callback)
    raise BenchError(f"{pin!r} has no exact edge stamps", f"Use one of the pin factories {', '.join(FACTORIES)}")
