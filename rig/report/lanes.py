"""The content of a test's picture, in bench seconds since its start, before it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["power", "radio", "control", "input", "led", "output", "link"]
MomentKind = Literal["boot", "flash", "panic", "trouble", "note", "end", "E", "W"]
Texture = Literal["", "fast", "medium", "slow", "double"]

_MOST_FLASHES = 400
"""The maximum number of flashes of an LED that are all drawn to scale."""
_KEPT_FLASHES = 8
"""If there are more flashes, this many at each end are to scale."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a lane in which nothing changes.

    `on` is None if the state is unknown. `texts` are the possible labels, longest first. `texture` is the pattern of a
    blinking LED, and `flashes` are the start and end of each time it was lit.
    """

    start: float
    end: float
    on: bool | None
    texts: tuple[str, ...] = ()
    texture: Texture = ""
    flashes: tuple[tuple[float, float], ...] = ()

    def times(self) -> list[float]:
        """Return the start and, for a blinking LED, each change of the light."""
        flashes = self.flashes
        if len(flashes) > _MOST_FLASHES:
            flashes = (*flashes[:_KEPT_FLASHES], *flashes[-_KEPT_FLASHES:])
        return [self.start, *(t for flash in flashes for t in flash)]


@dataclass(frozen=True, slots=True)
class Band:
    """A lane of segments. `signal` is its wire in the bench description; empty without a wire."""

    kind: Kind
    name: str
    segments: tuple[Segment, ...]
    what: str = ""
    """The name of the LED, for LEDs."""
    signal: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A CALL and its answer, or a frame that is neither. Each frame has a time at both ends.

    Attributes:
        from_device: whether the charge point made the CALL.
        start: when the CALL was sent; None if that was before the test.
        arrived: when the CALL arrived.
        answered: when the answer was sent; None if no answer came in the test.
        end: when the answer arrived.
        text: the label.
        action: the short label.
        wrong: whether it is drawn as an error.
    """

    from_device: bool
    start: float | None
    arrived: float | None
    answered: float | None
    end: float | None
    text: str
    action: str
    wrong: bool

    @property
    def at(self) -> float:
        """The time of its label."""
        return self.start if self.start is not None else (self.end or 0.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """An event without a duration, with its text. `kind` selects how it is drawn."""

    at: float
    kind: MomentKind
    text: str
    short: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A fault or a measurement: start, end, and text."""

    start: float
    end: float
    text: str
    ok: bool = True
    spans: bool = True
    """False if only the end is known."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure that the test asserts on.

    Attributes:
        name: its name, as the device names it.
        unit: its unit; empty for a number of things.
        lines: seconds and values; a new line after each reboot.
        limits: the limits of the assertions.
        is_stepped: whether a value holds until the next one; otherwise the line is drawn from one to the next.
    """

    name: str
    unit: str
    lines: tuple[tuple[tuple[float, float], ...], ...]
    limits: tuple[float, ...] = ()
    is_stepped: bool = False


@dataclass(slots=True)
class Lanes:
    """Everything the picture shows."""

    duration: float
    in_order: bool = False
    """True if no time passed in the test: then seconds are positions in the order of events."""
    bands: list[Band] = field(default_factory=list)
    exchanges: dict[str, list[Exchange]] = field(default_factory=dict)
    board: list[Moment] = field(default_factory=list)
    log: list[Moment] = field(default_factory=list)
    faults: list[Stretch] = field(default_factory=list)
    measurements: list[Stretch] = field(default_factory=list)
    heap: list[tuple[tuple[float, float], ...]] = field(default_factory=list)
    """Free heap in bytes; a new list after each reboot."""
    curves: list[Curve] = field(default_factory=list)
    """The figures that the test asserts on, in the order of the assertions."""
    missed: dict[str, list[Stretch]] = field(default_factory=dict)
    """Missed expectations by the signal of their lane, or by `ocpp`, `log`, `link`, or empty for others."""

    def times(self) -> list[float]:
        """Return the times of all events. The time between them is quiet."""
        found = [t for band in self.bands for s in band.segments for t in s.times()]
        for e in (e for frames in self.exchanges.values() for e in frames):
            found += [t for t in (e.start, e.arrived, e.answered, e.end) if t is not None]
        found += [m.at for m in self.board] + [m.at for m in self.log]
        found += [t for s in self.faults for t in (s.start, s.end)]
        found += [t for s in self.measurements for t in (s.start, s.end)]
        found += [t for missed in self.missed.values() for s in missed for t in (s.start, s.end)]
        return found
