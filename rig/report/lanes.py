"""What the picture of a test shows, in bench seconds since its start: no pixels yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["power", "radio", "control", "input", "led", "output", "link"]
MomentKind = Literal["boot", "flash", "panic", "trouble", "note", "end", "E", "W"]
Texture = Literal["", "fast", "medium", "slow", "double"]

_MOST_FLASHES = 400
"""An LED that flashes more often keeps but the first and the last of its flashes to scale: no axis has room for all."""
_KEPT_FLASHES = 8


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a lane in which nothing changes.

    `on` is None where nobody knows; `texts` say it in words, the longest first; `texture` tells how an LED blinks, and
    `flashes` from when to when it was lit.
    """

    start: float
    end: float
    on: bool | None
    texts: tuple[str, ...] = ()
    texture: Texture = ""
    flashes: tuple[tuple[float, float], ...] = ()

    def times(self) -> list[float]:
        """Its moments: its start, and where it blinks those at which the light changed."""
        flashes = self.flashes
        if len(flashes) > _MOST_FLASHES:
            flashes = (*flashes[:_KEPT_FLASHES], *flashes[-_KEPT_FLASHES:])
        return [self.start, *(t for flash in flashes for t in flash)]


@dataclass(frozen=True, slots=True)
class Band:
    """A lane of segments. `signal` is its wire in the bench description, empty where it is none."""

    kind: Kind
    name: str
    segments: tuple[Segment, ...]
    what: str = ""
    """For LEDs, which one."""
    signal: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A CALL and its answer, or a frame that is neither. Each frame has a moment at either end.

    Attributes:
        from_device: whether the charge point made the CALL.
        start: when the CALL was sent; None where that was before the test.
        arrived: when it was there.
        answered: when the answer was sent; None where none came in the test.
        end: when the answer was there.
        text: the label.
        action: a shorter one.
        wrong: whether it is drawn as wrong.
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
        """Where its label stands."""
        return self.start if self.start is not None else (self.end or 0.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened at once, with its text. `kind` chooses how it is drawn."""

    at: float
    kind: MomentKind
    text: str
    short: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A fault, or something measured: from, to, and its text."""

    start: float
    end: float
    text: str
    ok: bool = True
    spans: bool = True
    """False where only the end is known."""


@dataclass(slots=True)
class Lanes:
    """Everything the picture shows."""

    duration: float
    in_order: bool = False
    """No time passed: seconds stand for places in the order of events."""
    bands: list[Band] = field(default_factory=list)
    exchanges: dict[str, list[Exchange]] = field(default_factory=dict)
    board: list[Moment] = field(default_factory=list)
    log: list[Moment] = field(default_factory=list)
    faults: list[Stretch] = field(default_factory=list)
    measurements: list[Stretch] = field(default_factory=list)
    heap: list[list[tuple[float, float]]] = field(default_factory=list)
    """Free heap in bytes; a new list after each reboot."""
    missed: dict[str, list[Stretch]] = field(default_factory=dict)
    """What the test expected and did not see, by the signal of its lane; `ocpp`, `log`, `link` or empty for others."""

    def times(self) -> list[float]:
        """Every moment at which something happened: between them it was quiet."""
        found = [t for band in self.bands for s in band.segments for t in s.times()]
        for e in (e for frames in self.exchanges.values() for e in frames):
            found += [t for t in (e.start, e.arrived, e.answered, e.end) if t is not None]
        found += [m.at for m in self.board] + [m.at for m in self.log]
        found += [t for s in self.faults for t in (s.start, s.end)]
        found += [t for s in self.measurements for t in (s.start, s.end)]
        found += [t for missed in self.missed.values() for s in missed for t in (s.start, s.end)]
        return found
