"""What the picture of a test shows, in bench seconds since its start: no pixels yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["power", "radio", "control", "input", "led", "output", "link"]
MomentKind = Literal["boot", "flash", "panic", "trouble", "note", "end", "E", "W"]
Texture = Literal["", "fast", "medium", "slow", "double"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a lane in which nothing changes.

    `on` is None where nobody knows; `texts` say it in words, the longest first; `texture` tells how an LED blinks.
    """

    start: float
    end: float
    on: bool | None
    texts: tuple[str, ...] = ()
    texture: Texture = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A lane of segments."""

    kind: Kind
    name: str
    segments: tuple[Segment, ...]
    what: str = ""
    """For LEDs, which one."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A CALL and its answer, or a frame that is neither.

    `start` is None where the CALL came before the test, `end` where no answer came in it.
    """

    from_device: bool
    start: float | None
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

    def times(self) -> list[float]:
        """Every moment at which something happened: between them it was quiet."""
        found = [s.start for band in self.bands for s in band.segments]
        found += [t for frames in self.exchanges.values() for e in frames for t in (e.start, e.end) if t is not None]
        found += [m.at for m in self.board] + [m.at for m in self.log]
        found += [t for s in self.faults for t in (s.start, s.end)]
        found += [t for s in self.measurements for t in (s.start, s.end)]
        return found
