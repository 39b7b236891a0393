"""Writes the timeline to `run.jsonl`, one event a line, as it happens."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from rig.timeline import Timeline
from rig.timeline.codec import encode
from rig.timeline.events import Event
from rig.util.errors import BenchError


class Recorder:
    """Listens to a timeline and writes what comes, at once: a process that is killed takes nothing along.

    What is appended together is written together, before `Timeline.extend` returns. A full disk is trouble of the
    bench, which interrupts whoever waits. What could not be written is missing from the record, which goes on as soon
    as there is room again. Each line also says when it was written, as `wall`: an event has bench time alone.

    Args:
        timeline: what to write; events that stand there already are written first.
        folder: gets `run.jsonl`; made where it is missing.

    Raises:
        FileExistsError: the folder has a record already, which is never written over.
    """

    def __init__(self, timeline: Timeline, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "run.jsonl"
        if self.path.is_file():
            raise FileExistsError(f"{self.path} is a record already: a run is never written over")
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._due: list[bytes] = []
        self._timeline = timeline
        self._whole = 0
        """How many bytes of whole lines the file holds."""
        for event in timeline:
            self._add(event)
        self._write()
        self._stop = timeline.listen(self._add, self._write)

    def _add(self, event: Event) -> None:
        self._due.append(encode(event, time.time_ns()))

    def _write(self) -> None:
        data = b"".join(self._due)
        self._due.clear()
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            self._drop_half_a_line()
            self._timeline.interrupt(
                BenchError(
                    f"the record {self.path} cannot be written: {error.strerror}",
                    "Make room on its disk; older records are in the folders beside it",
                )
            )
        else:
            self._whole += written

    def _drop_half_a_line(self) -> None:
        with contextlib.suppress(OSError):  # what is no file, like a pipe, cannot be cut
            os.ftruncate(self._file, self._whole)
            os.lseek(self._file, self._whole, os.SEEK_SET)

    def close(self) -> None:
        """Write no more."""
        self._stop()
        os.close(self._file)
