"""Writes the timeline to `run.jsonl` during the run, one event per line."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from rig.timeline import Timeline
from rig.timeline.codec import encode_all
from rig.timeline.events import Event
from rig.util.errors import BenchError


class Recorder:
    """Writes the events of a timeline at once, so that a killed process loses none.

    A batch of events, such as all lines of one read of the console, is passed to the kernel with one write before
    `Timeline.extend` returns. A full disk is an error of the bench, which ends all waits. Events that cannot be written
    are missing from the record, which continues when there is space again. Each line also has the real time at which it
    was written, `wall`: an event itself has bench time only.

    Args:
        timeline: the timeline; its existing events are written first.
        folder: the folder for `run.jsonl`; created if it is missing.

    Raises:
        FileExistsError: the folder has a record already, which is never overwritten.
    """

    def __init__(self, timeline: Timeline, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "run.jsonl"
        if self.path.is_file():
            raise FileExistsError(f"{self.path} is a record already: a run is never overwritten. Name another folder")
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._due: list[Event] = list(timeline)
        self._timeline = timeline
        self._whole = 0
        """The length of the complete lines in the file, in bytes."""
        self._write()
        self._stop = timeline.listen(self._due.append, self._write)

    def _write(self) -> None:
        data = encode_all(self._due, time.time_ns())
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
        with contextlib.suppress(OSError):  # a pipe cannot be truncated
            os.ftruncate(self._file, self._whole)
            os.lseek(self._file, self._whole, os.SEEK_SET)

    def close(self) -> None:
        """Stop writing and close the record."""
        self._stop()
        os.close(self._file)
