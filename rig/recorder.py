"""Writes the timeline to `run.jsonl`, one event a line, as it happens."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from rig.events import BenchTrouble, Event, Panic, TestEnded
from rig.timeline import Timeline

_FLUSH_AT_BYTES = 65_536


class Recorder:
    """Listens to a timeline and writes what comes. What matters is on disk at once, the rest in blocks.

    Args:
        timeline: what to write; events that stand there already are written first.
        folder: gets `run.jsonl`; made where it is missing.
    """

    def __init__(self, timeline: Timeline, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "run.jsonl"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        self._buffer = bytearray()
        for event in timeline:
            self._add(event)
        self._stop = timeline.listen(self._add)

    def _add(self, event: Event) -> None:
        self._buffer += orjson.dumps(event.record(), default=_plain, option=orjson.OPT_APPEND_NEWLINE)
        if len(self._buffer) >= _FLUSH_AT_BYTES or isinstance(event, (TestEnded, BenchTrouble, Panic)):
            self.flush()

    def flush(self) -> None:
        """Write what is buffered: whole lines only."""
        data, self._buffer = bytes(self._buffer), bytearray()
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Write the rest and end."""
        self._stop()
        self.flush()
        os.close(self._file)


def _plain(value: Any) -> Any:
    """What orjson does not know: mappings and sets as JSON has them, anything else by its words."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
