"""gpiozero's lgpio pins with the kernel's stamp of each edge. This module's import loads lgpio, see `pins.py`."""

from __future__ import annotations

from collections.abc import Callable

from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin

from rig.wiring.interfaces import EdgeCallback

_WATCHDOG = 2
"""The level in an alert of the watchdog, which is not an edge."""


class StampedPin(LGPIOPin):  # type: ignore[misc]
    """A pin of the Pi that keeps the kernel's exact stamp of an edge; gpiozero rounds it to a float."""

    when_changed: EdgeCallback | None
    _watcher: EdgeCallback | None = None

    def watch_edges(self, callback: EdgeCallback) -> Callable[[], None]:
        """Call `callback(level, t_ns)` at each edge, with the kernel's stamp.

        Returns:
            A function that stops that.
        """
        self._watcher = callback
        self.when_changed = callback  # makes gpiozero detect edges; `_call_when_changed` calls the watcher instead

        def stop() -> None:
            self.when_changed = None
            self._watcher = None

        return stop

    def _call_when_changed(self, chip: int, gpio: int, level: int, ticks: int) -> None:
        """Handle an alert in lgpio's thread. An exception would end the thread, and the edges of all pins."""
        watcher = self._watcher
        if watcher is not None:
            if level != _WATCHDOG:
                watcher(bool(level), ticks)
        elif self.when_changed is not None:  # lgpio may still deliver an edge after the watching has ended
            super()._call_when_changed(chip, gpio, level, ticks)


class StampedPinFactory(LGPIOFactory):  # type: ignore[misc]
    """gpiozero's factory for the pins of this Pi, by lgpio.

    Args:
        chip: the number of the gpiochip; None for the header's chip.
    """

    def __init__(self, chip: int | None = None) -> None:
        super().__init__(chip)
        self.pin_class = StampedPin
