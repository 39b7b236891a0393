"""The seams of the bench: what a kind of bench must supply so that every instrument works on it.

A real bench supplies gpiozero's lgpio factory, a device path and a managed access point; the virtual bench supplies
the other ends of the virtual board. No instrument knows which one it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gpiozero import Factory

from rig.util.clock import BenchClock

EdgeCallback = Callable[[bool, int], None]
"""Called with the new level of a pin and its CLOCK_MONOTONIC stamp in nanoseconds."""


class AccessPoint(Protocol):
    """The radio the board associates with."""

    def up(self) -> None:
        """Start it; returns when it is on the air."""

    def down(self) -> None:
        """Take it off the air: stations lose it without a word."""


class TestHooks(Protocol):
    """What only a virtual board can do. A bench without it lacks the capability `test_hooks`."""

    def tear_flash(self, operation: int, effect: str, seed: int) -> None:
        """Tear the n-th flash operation from now (`none`, `half` or `random`), then cut the power."""

    def disarm_tear(self) -> None:
        """Forget a tear that the device has not been told of yet. One that it has been told of dies with its power."""

    def slow_erase(self, milliseconds: int) -> None:
        """Make each sector erase take that long in device time."""

    def brown_out(self) -> None:
        """Make the supply sag once: the chip resets and boots with reset reason `brownout`."""

    @property
    def erase_ms(self) -> int:
        """What `slow_erase` was told last; 0: erases are instant."""

    @property
    def flash_is_full(self) -> bool:
        """What `fill_flash` was told last."""

    @property
    def leaking(self) -> int:
        """What `leak` was told last, in bytes a connection; 0: nothing leaks."""

    def unplug(self) -> None:
        """Pull the USB cable, which feeds the board as well, until the bench is opened anew."""

    def fill_flash(self, full: bool) -> None:
        """Make the device's storage answer that it is out of space."""

    def leak(self, bytes_per_connection: int) -> None:
        """Make each TCP connection leak device heap."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The ends that the instruments hold.

    Attributes:
        pin_factory: gpiozero's factory for the Pi's pins.
        serial_url: what pyserial opens: a device path, a pty, `socket://` or `rfc2217://`.
        serial_uncertainty: how far off, in ns, a stamp of the serial port may be.
        access_point: None where nobody can switch it.
        hooks: None on real wires.
        clock: the bench's clock, already shared with the board.
        capabilities: what tests may ask for with `@pytest.mark.needs(...)`.
        flash_file: the virtual board's flash, to look into; None on real wires.
        csms_host: the address that the device reaches this machine's loopback interface at, where that is another one
            than the description's `csms.host`; empty: it is that.
        device_waits: how long, in ns, the device's threads have waited for a processor of this machine so far. None on
            real wires, where the device has a processor of its own, and in stepped time, which stands still meanwhile.
        close: gives everything back; called once.
    """

    pin_factory: Factory
    serial_url: str
    clock: BenchClock
    serial_uncertainty: int = 16_000_000
    access_point: AccessPoint | None = None
    hooks: TestHooks | None = None
    capabilities: frozenset[str] = field(default_factory=frozenset)
    flash_file: Path | None = None
    csms_host: str = ""
    device_waits: Callable[[], int] | None = None
    close: Callable[[], None] = lambda: None
