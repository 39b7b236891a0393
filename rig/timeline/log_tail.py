"""The end of the device's log, for messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from rig.timeline.events import Event, LogLine, TelemetrySample
from rig.util.clock import BenchClock

E = TypeVar("E", bound=Event)

CLOCK = "by bench seconds before this failure"
"""The caption for the times of the lines in a message."""
TAIL_LINES = 20
"""The number of log lines in a message."""
_MOST_LOOKED_AT = 200


class Logged(Protocol):
    """The part of the timeline that this module uses. The timeline imports this module: the reverse is impossible."""

    clock: BenchClock
    logs: Path | None

    def tail(self, kind: type[E], count: int) -> Sequence[E]:
        """Return the latest `count` events of a kind, the latest last."""


def without_telemetry(lines: Iterable[LogLine], samples: Iterable[TelemetrySample]) -> list[LogLine]:
    """Drop telemetry lines: the picture shows their figures, and they crowd out other lines.

    Args:
        lines: lines of the console.
        samples: the telemetry of the same time. Each sample follows its line on the timeline.
    """
    telemetry = {sample.id - 1 for sample in samples}
    return [line for line in lines if line.id not in telemetry]


def console_tail(timeline: Logged) -> str:
    """Format the last console lines without telemetry, by bench seconds before now, and the log's path."""
    now = timeline.clock.now()
    shown: list[str] = []
    last, times = "", 0
    samples = timeline.tail(TelemetrySample, _MOST_LOOKED_AT)
    for line in without_telemetry(timeline.tail(LogLine, _MOST_LOOKED_AT), samples):
        times = times + 1 if shown and line.text == last else 1
        last = line.text
        if times > 1:
            del shown[-1]
        again = f"  ({times} times)" if times > 1 else ""
        shown.append(f"  {-timeline.clock.between(line.t, now):8.3f} s | {line.shown}{again}")
    if not shown:
        return "the console printed nothing"
    shown = shown[-TAIL_LINES:]
    return "\n".join([f"last {len(shown)} lines of the console, {CLOCK}:", *shown, *whole_log(timeline, "console")])


def whole_log(timeline: Logged, name: str) -> list[str]:
    """Return the future path of a log of the running test, as lines of a message; none outside a test.

    Args:
        timeline: the bench's timeline.
        name: `console` or `ocpp`.
    """
    if timeline.logs is None:
        return []
    path, here = timeline.logs / f"{name}.log", Path.cwd()
    return [f"the whole log: {path.relative_to(here) if path.is_relative_to(here) else path}"]
