"""Reads from the kernel how long the threads of a process have waited for a processor."""

from __future__ import annotations

import contextlib
from pathlib import Path


class ProcessorWait:
    """The total wait of the threads of a process, and of the processes that succeed it.

    The kernel drops the figures of a thread that ends, so its wait counts up to the last reading.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], int] = {}
        self._ended = 0

    def of(self, pid: int | None, *, without: int | None = None) -> int:
        """Return the total wait so far, in ns. It never decreases.

        Args:
            pid: the running process; None if none is running.
            without: the native id of a thread to leave out.
        """
        now = _waits(pid) if pid is not None else {}
        if pid is not None:
            now.pop((pid, str(without)), None)
        for thread in [thread for thread in self._seen if thread not in now]:
            self._ended += self._seen.pop(thread)
        self._seen |= now
        return self._ended + sum(self._seen.values())

    def latest(self, pid: int | None, *, without: int | None = None) -> list[int]:
        """Return the wait of each thread since the last reading, in ns. The kernel counts a wait when it ends.

        Args:
            pid: the running process; None if none is running.
            without: the native id of a thread to leave out.
        """
        before = dict(self._seen)
        self.of(pid, without=without)
        return [wait - before.get(thread, 0) for thread, wait in self._seen.items()]


def _waits(pid: int) -> dict[tuple[int, str], int]:
    """Read the second field of each thread's `schedstat`: ns runnable, not running (sched-stats.rst)."""
    found: dict[tuple[int, str], int] = {}
    with contextlib.suppress(OSError):  # the process has ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found[pid, thread.name] = int((thread / "schedstat").read_text().split()[1])
    return found
