"""How long the threads of a process have waited for a processor, by the kernel's own account."""

from __future__ import annotations

import contextlib
from pathlib import Path


class ProcessorWait:
    """Adds up the waits of a process' threads, also of processes that follow one another.

    The kernel forgets a thread that has ended, so that its wait counts as far as it was read.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], int] = {}
        self._ended = 0

    def of(self, pid: int | None, *, without: int | None = None) -> int:
        """Return the waits so far, in ns. They never become less.

        Args:
            pid: the process that runs now; None: none does.
            without: the native id of a thread that does not count.
        """
        now = _waits(pid) if pid is not None else {}
        if pid is not None:
            now.pop((pid, str(without)), None)
        for thread in [thread for thread in self._seen if thread not in now]:
            self._ended += self._seen.pop(thread)
        self._seen |= now
        return self._ended + sum(self._seen.values())


def _waits(pid: int) -> dict[tuple[int, str], int]:
    """The second field of each thread's `schedstat`: ns that it was runnable and did not run (sched-stats.rst)."""
    found: dict[tuple[int, str], int] = {}
    with contextlib.suppress(OSError):  # the process has ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found[pid, thread.name] = int((thread / "schedstat").read_text().split()[1])
    return found
