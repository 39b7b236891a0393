"""Pins by gpiozero, extended by a factory for each name and by exact stamps of edges."""

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
from rig.wiring.system_package import load_lgpio

FACTORIES = ("lgpio", "virtual")


@runtime_checkable
class _WatchesEdges(Protocol):
    def watch_edges(self, callback: EdgeCallback) -> Callable[[], None]: ...


def open_factory(name: str, chip: int | None = None) -> Factory:
    """Return the pin factory of that name, without gpiozero's silent fallback to another one.

    Args:
        name: `lgpio` for the Pi's pins, `virtual` for unconnected pins (the virtual bench creates its own factory).
        chip: the number of the gpiochip for `lgpio`; None for the header's chip.

    Raises:
        BenchError: the name is unknown, or the pins cannot be opened.
    """
    if name == "virtual":
        from rig.wiring.virtual.pins import VirtualPinFactory

        return VirtualPinFactory()
    if name != "lgpio":
        raise BenchError(f"pin factory {name!r} is unknown", f"Allowed: {', '.join(FACTORIES)}")
    try:
        with lgpio_in_a_temporary_folder():
            from rig.wiring.lgpio_pins import StampedPinFactory

        return StampedPinFactory(chip)
    except BenchError:
        raise
    except Exception as problem:  # lgpio.error and gpiozero's exceptions have no common base
        raise BenchError(
            f"the Pi's pins cannot be opened: {problem}",
            "Run on the Pi, as a member of the group gpio; `ls -l /dev/gpiochip*` shows the permissions",
        ) from None


@contextmanager
def lgpio_in_a_temporary_folder() -> Iterator[None]:
    """Load lgpio, and make it create its FIFO in a temporary folder. lgpio changes to the folder LG_WD at its load.

    Two processes with the same folder would read each other's edges from the FIFO. The name can be removed when both
    ends are open.

    Raises:
        BenchError: lgpio, or another import within the block, cannot be loaded.
    """
    here, before = Path.cwd(), os.environ.get("LG_WD")
    with TemporaryDirectory(prefix="plugbench-") as folder:
        os.environ["LG_WD"] = folder
        try:
            load_lgpio()
            yield
        except ImportError as problem:
            raise BenchError(
                f"lgpio cannot be loaded ({problem})",
                "Install Debian's python3-lgpio, and make the set-up with Debian's python3",
            ) from None
        finally:
            os.chdir(here)
            if before is None:
                del os.environ["LG_WD"]
            else:
                os.environ["LG_WD"] = before


def watch_edges(pin: Pin, callback: EdgeCallback) -> Callable[[], None]:
    """Call `callback(level, t_ns)` at each edge of an input pin, with the stamp of the edge itself.

    With lgpio the kernel takes the stamp in the interrupt. The callback runs in a thread of the factory and must not
    block. Do not use gpiozero's `when_changed` of the pin at the same time.

    Args:
        pin: a pin of a factory of `open_factory`, configured as an input with its pull.
        callback: called with the new level of the pin, True for high, regardless of the signal's polarity.

    Returns:
        A function that stops that.

    Raises:
        BenchError: the pin's factory has no exact stamps.
    """
    if isinstance(pin, _WatchesEdges):
        return pin.watch_edges(callback)
    raise BenchError(
        f"{pin!r} has no exact time stamps of edges", f"Use one of the pin factories {', '.join(FACTORIES)}"
    )
