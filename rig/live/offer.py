"""The offer of a program on its live socket: a timeline, its state, and calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig.live.calls import Call
from rig.live.hold import Hold
from rig.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Offer:
    """The offer of one bench, or of a part of one.

    Attributes:
        program: the program in words, such as `pytest` or `rig csms serve`.
        name: the bench's name.
        path: the bench description, or another path that identifies the bench.
        timeline: the events of the bench.
        state: returns the state as JSON by section. It may block for a short time.
        calls: the calls by name, such as `power.on`.
        running: returns the name of the running test; empty if nothing runs, so that a person may act.
        hold: pauses the session between tests; None for a program that runs none.
    """

    program: str
    name: str
    path: Path
    timeline: Timeline
    state: Callable[[], Mapping[str, Any]]
    calls: Mapping[str, Call] = field(default_factory=dict)
    running: Callable[[], str] = lambda: ""
    hold: Hold | None = None

    @property
    def holder(self) -> str:
        """The program and its process in words."""
        return f"{self.program}, process {os.getpid()}"

    def greeting(self, protocol: int) -> dict[str, Any]:
        """Return the first message to a client.

        Args:
            protocol: the version of the messages.
        """
        return {
            "protocol": protocol,
            "program": self.program,
            "pid": os.getpid(),
            "bench": self.name,
            "path": str(self.path.resolve()),
            "folder": str(Path.cwd()),
            "clock": "stepped" if self.timeline.clock.steps else "real",
            "python": sys.version.split()[0],
        }
