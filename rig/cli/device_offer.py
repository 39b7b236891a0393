"""The live socket of `rig device run`: a board with a console, a supply and inputs, but without a bench."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Protocol

from rig.adapters.plugbench import PlugbenchLogFormat
from rig.instruments.line_splitter import LineSplitter
from rig.instruments.wires import UnknownWireError
from rig.live.calls import Call, Caller
from rig.live.offer import Offer
from rig.timeline import Timeline
from rig.timeline.events import Event
from rig.util.checked import Limits, Seconds, Text
from rig.util.redaction import masked

MOST_PULSES = 100_000
KEPT_EVENTS = 10_000
"""The number of events that stay readable; a charge point may run for months."""

Pulses = Annotated[int, Limits(least=1, most=MOST_PULSES)]


class Lone(Protocol):
    """The board, as `rig device run` drives it."""

    @property
    def timeline(self) -> Timeline:
        """Gets the console's lines and the acts."""

    def switch(self, on: bool) -> None:
        """Switch the supply."""

    def press_reset(self) -> None:
        """Press the reset button."""

    def set_input(self, name: str, on: bool) -> None:
        """Set an input."""

    def input_states(self) -> Mapping[str, bool]:
        """Return the inputs by name."""

    def switch_access_point(self, up: bool) -> None:
        """Put the access point on or off the air."""

    def send(self, line: bytes) -> None:
        """Send bytes to the device's console."""

    @property
    def is_on(self) -> bool:
        """Whether the supply is on."""


class LoneCalls:
    """The calls of such a board; they have the same names as on a bench.

    Args:
        lone: the board.
    """

    def __init__(self, lone: Lone) -> None:
        self._lone = lone

    def table(self) -> dict[str, Call]:
        """Return the calls by name."""
        return {
            "power.on": Call(self.power_on),
            "power.off": Call(self.power_off),
            "power.cycle": Call(self.power_cycle),
            "power.reset": Call(self.power_reset),
            "input.set": Call(self.input_set),
            "input.press": Call(self.input_press),
            "input.pulses": Call(self.input_pulses),
            "console.send": Call(self.console_send),
            "network.up": Call(self.network_up),
            "network.down": Call(self.network_down),
        }

    def power_on(self, _caller: Caller) -> None:
        """Switch the board's supply on."""
        self._lone.switch(True)

    def power_off(self, _caller: Caller) -> None:
        """Switch the board's supply off."""
        self._lone.switch(False)

    def power_cycle(self, _caller: Caller) -> None:
        """Switch the board's supply off and on again."""
        self._lone.switch(False)
        self._lone.switch(True)

    def power_reset(self, _caller: Caller) -> None:
        """Press the reset button."""
        self._lone.press_reset()

    def input_set(self, _caller: Caller, name: Text, on: bool) -> None:
        """Set an input on or off."""
        self._set(name, on)

    def input_press(self, _caller: Caller, name: Text, seconds: Seconds = 0.1) -> None:
        """Switch an input on, and off again after some seconds."""
        self._set(name, True)
        self._lone.timeline.clock.deadline(seconds).wait_out()
        self._set(name, False)

    def input_pulses(
        self, _caller: Caller, name: Text, count: Pulses, hz: Annotated[float, Limits(above=0, most=1e6)] = 10.0
    ) -> dict[str, int]:
        """Send pulses on an input, and wait for their end."""
        clock = self._lone.timeline.clock
        for _ in range(count):
            for on in (True, False):
                self._set(name, on)
                clock.deadline(0.5 / hz).wait_out()
        return {"sent": count}

    def console_send(self, _caller: Caller, text: str) -> None:
        """Send a line to the device's console."""
        self._lone.send(text.encode() + b"\n")

    def network_up(self, _caller: Caller) -> None:
        """Switch the access point on."""
        self._lone.switch_access_point(True)

    def network_down(self, _caller: Caller) -> None:
        """Switch the access point off."""
        self._lone.switch_access_point(False)

    def _set(self, name: str, on: bool) -> None:
        known = self._lone.input_states()
        if name not in known:
            raise UnknownWireError("input", name, known)
        self._lone.set_input(name, on)

    def state(self) -> dict[str, Any]:
        """Return the state of the board in the sections of docs/live.md."""
        lone = self._lone
        shown: dict[str, Any] = masked(
            {
                "power": {"is_on": lone.is_on, "rail": None, "in_reset": False},
                "inputs": {name: {"on": on, "at_rest": not on} for name, on in lone.input_states().items()},
            }
        )
        return shown


class ConsoleLog:
    """Puts the console of the device on the timeline, as the console of a bench does.

    Args:
        timeline: gets the lines and their events.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._splitter = LineSplitter()
        self._format = PlugbenchLogFormat()

    def write(self, data: bytes) -> None:
        """Add bytes of the console."""
        found: list[Event] = []
        for text in self._splitter.feed(data):
            line = self._format.line(text)
            found += [line, *self._format.events(line)]
        self._timeline.extend(found, source="console")


def offer_of_lone(lone: Lone, identity: str) -> Offer:
    """Return what `rig device run` offers.

    Args:
        lone: the board.
        identity: the charge point's identity, which is the bench's name.
    """
    calls = LoneCalls(lone)
    return Offer("rig device run", identity, Path.cwd(), lone.timeline, calls.state, calls.table())
