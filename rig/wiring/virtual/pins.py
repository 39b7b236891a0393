"""The virtual Pi's pins, connected by wires to the virtual board's pins.

A wire has two ends. The Pi's pin drives its end or has a pull. The device drives the board's end, or that end has a
pull while the board is powered. Both ends determine the level, as on a real wire.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gpiozero.exc import (
    PinFixedPull,
    PinInvalidFunction,
    PinInvalidPin,
    PinInvalidPull,
    PinPWMUnsupported,
    PinSetInput,
)
from gpiozero.pins.pi import PiFactory, PiPin

EdgeCallback = Callable[[bool, int], None]
"""Called with the new level and its stamp in nanoseconds of bench time."""

_PI_3B = 0xA02082


@dataclass(slots=True, eq=False)
class Wire:
    """One wire between a Pi pin and the board.

    Attributes:
        board_drive: the level that the board drives; None if it drives none.
        board_pull: the level of the board's pull; None while the board has no power.
        board_watch: called with each new level, in order, under the wires' lock: it must return quickly.
        pi_drive: the level that the Pi's pin drives; None if it is an input.
        pi_pull: the pull of the Pi's pin; None if it floats.
        inverting: whether a transistor or an inverter is in between.
        level: the level at the board's end.
        stamp: when the level last changed, in ns of bench time.
    """

    board_drive: bool | None = None
    board_pull: bool | None = None
    board_watch: EdgeCallback | None = None
    pi_drive: bool | None = None
    pi_pull: bool | None = None
    inverting: bool = False
    level: bool = False
    stamp: int = 0
    pi_watchers: list[EdgeCallback] = field(default_factory=list)

    def resolved(self) -> bool:
        """Return the level that results from both ends; a floating wire is low at the board."""
        for candidate, of_pi in (
            (self.pi_drive, True),
            (self.board_drive, False),
            (self.board_pull, False),
            (self.pi_pull, True),
        ):
            if candidate is not None:
                return candidate != (self.inverting and of_pi)
        return False

    @property
    def pi_level(self) -> bool:
        """The level at the Pi's end."""
        return self.level != self.inverting


class Wires:
    """All wires of a board, by Pi pin (BCM number). Any thread may change either end.

    Watchers on the Pi's side are called one at a time, in the order of the edges. They are called outside the lock, so
    that they can take locks of their own and drive other pins.

    Args:
        now: returns the current stamp, in ns.
    """

    def __init__(self, now: Callable[[], int] = time.monotonic_ns) -> None:
        self.now = now
        self.lock = threading.RLock()
        """Held while a level changes; hold it to read several levels at the same moment."""
        self._wires: dict[int, Wire] = {}
        self._edges: deque[tuple[EdgeCallback, bool, int]] = deque()
        self._delivering = False

    def __getitem__(self, pi_pin: int) -> Wire:
        with self.lock:
            return self._wires.setdefault(pi_pin, Wire())

    def change(
        self, wire: Wire, *, stamp: int = 0, then: Callable[[], None] | None = None, **ends: bool | None
    ) -> None:
        """Change attributes of a wire, e.g. `board_drive=True`, and call its watchers.

        Must not be called with the lock held: the Pi's watchers would run under it.

        Args:
            wire: the wire.
            stamp: the time of the change, in ns of bench time; 0 for now.
            then: called under the lock, after the change and the board's watcher.
            ends: the attributes: `pi_drive`, `pi_pull`, `board_drive`, `board_pull`, `inverting`.
        """
        with self.lock:
            for name, value in ends.items():
                setattr(wire, name, value)
            level = wire.resolved()
            if level != wire.level:
                wire.level = level
                wire.stamp = stamp or self.now()
                if wire.board_watch is not None:
                    wire.board_watch(level, wire.stamp)
                self._edges.extend((watcher, wire.pi_level, wire.stamp) for watcher in wire.pi_watchers)
            if then is not None:
                then()
        self._deliver()

    def join(self, drive: int, watch: int) -> None:
        """Join two pins of the Pi by a wire without delay: the second pin has the level of the first.

        Args:
            drive, watch: their BCM numbers.
        """
        far = self[watch]

        def follow(level: bool, stamp: int) -> None:
            self.change(far, stamp=stamp, board_drive=level)

        self.watch_pi_end(self[drive], follow)

    def _deliver(self) -> None:
        while True:
            with self.lock:
                if self._delivering or not self._edges:
                    return
                self._delivering = True
                watcher, level, stamp = self._edges.popleft()
            try:
                watcher(level, stamp)
            finally:
                with self.lock:
                    self._delivering = False

    def watch_board_end(self, wire: Wire, callback: EdgeCallback | None) -> bool:
        """Set the board's watcher of a wire. Returns the level before the first reported edge."""
        with self.lock:
            wire.board_watch = callback
            return wire.level

    def watch_pi_end(self, wire: Wire, callback: EdgeCallback) -> Callable[[], None]:
        """Call `callback` at each edge. Returns a function that stops that."""
        with self.lock:
            wire.pi_watchers.append(callback)

        def stop() -> None:
            with self.lock:
                if callback in wire.pi_watchers:
                    wire.pi_watchers.remove(callback)

        return stop


class VirtualPin(PiPin):  # type: ignore[misc]
    """A pin of the virtual Pi, at one end of a wire."""

    def __init__(self, factory: VirtualPinFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._wires = factory.wires
        self._wire = factory.wires[self._number]
        self._bounce: float | None = None
        self._edges = "both"
        self._stop_detecting: Callable[[], None] | None = None
        if info.pull:
            self._set_pull(info.pull)

    def watch_edges(self, callback: EdgeCallback) -> Callable[[], None]:
        """Call `callback(level, t_ns)` at each edge, with the exact stamp. Returns a function that stops that."""
        return self._wires.watch_pi_end(self._wire, callback)

    @property
    def stamp(self) -> int:
        """When the level last changed, in ns of bench time; 0 for never."""
        return self._wire.stamp

    def close(self) -> None:
        """Release the wire: make the pin a floating input."""
        self.when_changed = None
        self._wires.change(self._wire, pi_drive=None, pi_pull=None)

    def _get_function(self) -> str:
        return "input" if self._wire.pi_drive is None else "output"

    def _set_function(self, value: str) -> None:
        if value not in ("input", "output"):
            raise PinInvalidFunction(f'invalid function "{value}" for pin {self!r}; allowed: input, output')
        # A pin that becomes an output starts low, as lgpio's gpio_claim_output does.
        self._wires.change(self._wire, pi_drive=None if value == "input" else False)

    def output_with_state(self, state: float) -> None:
        """Make the pin an output at that level, without a glitch."""
        self._wires.change(self._wire, pi_pull=None, pi_drive=bool(state))

    def input_with_pull(self, pull: str) -> None:
        """Make the pin an input with the pull `up`, `down` or `floating`."""
        self._wires.change(self._wire, pi_drive=None)
        self._set_pull(pull)

    def _get_state(self) -> bool:
        return self._wire.pi_level

    def _set_state(self, value: float) -> None:
        if self._wire.pi_drive is None:
            raise PinSetInput(f"cannot set state of pin {self!r}")
        self._wires.change(self._wire, pi_drive=bool(value))

    def _get_pull(self) -> str:
        return {None: "floating", True: "up", False: "down"}[self._wire.pi_pull]

    def _set_pull(self, value: str) -> None:
        if self._wire.pi_drive is not None:
            raise PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        if self.info.pull and value != self.info.pull:
            raise PinFixedPull(f"{self!r} has a physical pull-{self.info.pull} resistor")
        pulls = {"floating": None, "up": True, "down": False}
        if value not in pulls:
            raise PinInvalidPull(f'invalid pull "{value}" for pin {self!r}; allowed: {", ".join(pulls)}')
        self._wires.change(self._wire, pi_pull=pulls[value])

    def _get_frequency(self) -> None:
        return None

    def _set_frequency(self, value: float | None) -> None:
        if value is not None:
            raise PinPWMUnsupported(f"pin {self!r} has no PWM")

    def _get_bounce(self) -> float | None:
        return self._bounce

    def _set_bounce(self, value: float | None) -> None:
        # gpiozero reads the value back. A virtual wire never bounces.
        self._bounce = value

    def _get_edges(self) -> str:
        return self._edges

    def _set_edges(self, value: str) -> None:
        self._edges = value

    def _enable_event_detect(self) -> None:
        self._stop_detecting = self.watch_edges(self._detected)

    def _disable_event_detect(self) -> None:
        if self._stop_detecting is not None:
            self._stop_detecting()
            self._stop_detecting = None

    def _detected(self, level: bool, stamp: int) -> None:
        if self._edges in ("both", "rising" if level else "falling") and self._when_changed is not None:
            self._call_when_changed(stamp / 1e9, level)


class VirtualPinFactory(PiFactory):  # type: ignore[misc]
    """gpiozero's factory for the virtual Pi: a Pi 3B whose pins end at `wires`."""

    def __init__(self, wires: Wires | None = None) -> None:
        super().__init__()
        self.wires = wires or Wires()
        self.pin_class = VirtualPin

    def _get_revision(self) -> int:
        return _PI_3B

    def _get_spi_class(self, shared: bool, hardware: bool) -> type:  # noqa: ARG002
        raise PinInvalidPin("the virtual Pi has no SPI")

    def ticks(self) -> float:
        """Return the bench time in seconds."""
        return self.wires.now() / 1e9

    @staticmethod
    def ticks_diff(later: float, earlier: float) -> float:
        """Return the seconds between two ticks."""
        return later - earlier
