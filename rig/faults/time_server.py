"""Faults of the time server (SNTP). Only a virtual board has a time server that the bench controls."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, ClassVar

from rig.faults.fault import Bench, Fault, hooks
from rig.util.checked import Limits

_LONGEST_DELAY_MS = 60_000
"""Beyond every client's limit: lwIP ignores an answer after 15 s."""
_CENTURY_S = 100 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class TimeServerGone(Fault):
    """The time server answers no question."""

    name: ClassVar[str] = "time-server-gone"
    summary: ClassVar[str] = "the time server (SNTP) answers no question"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Leave questions unanswered, then restore the server."""
        server = hooks(bench).time_server
        restore.callback(server.appear, server.is_present)
        server.appear(False)


@dataclass(frozen=True, slots=True)
class TimeServerSlow(Fault):
    """The answers of the time server arrive late.

    Args:
        ms: the delay in milliseconds, at most a minute. lwIP ignores an answer after 15 s.
    """

    ms: Annotated[int, Limits(least=1, most=_LONGEST_DELAY_MS)] = 5_000
    name: ClassVar[str] = "time-server-slow"
    summary: ClassVar[str] = "the answers of the time server (SNTP) arrive that many milliseconds late"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Delay the answers, then restore the previous delay."""
        server = hooks(bench).time_server
        restore.callback(server.slow_down, server.delay_ms)
        server.slow_down(self.ms)


@dataclass(frozen=True, slots=True)
class TimeServerJump(Fault):
    """The clock of the time server is wrong.

    Args:
        seconds: the seconds by which it is ahead, at most a century either way. The default is ten years.
    """

    seconds: Annotated[int, Limits(least=-_CENTURY_S, most=_CENTURY_S)] = _CENTURY_S // 10
    name: ClassVar[str] = "time-server-jump"
    summary: ClassVar[str] = "the time server (SNTP) is that many seconds ahead"
    needs: ClassVar[frozenset[str]] = frozenset({"test_hooks"})

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Step the clock, then restore its previous offset."""
        server = hooks(bench).time_server
        restore.callback(server.step, server.offset_s)
        server.step(self.seconds)


FAULTS: tuple[type[Fault], ...] = (
    TimeServerGone,
    TimeServerSlow,
    TimeServerJump,
)
"""In the order of the catalogue."""
