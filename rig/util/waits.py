"""Blocking waits that end with whoever asked for them: with a test, or with a task that is cancelled."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar

from rig.util.errors import WaitEndedError


class WaitScope:
    """What waits belong to. When it ends, so do they, and none can begin any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = False
        self._waiting: list[threading.Condition] = []

    def end(self) -> None:
        """Make everybody who waits in it raise `WaitEndedError`, and whoever would wait in it."""
        with self._lock:
            self._ended = True
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()

    def check(self) -> None:
        """Make sure that it has not ended.

        Raises:
            WaitEndedError: it has.
        """
        if self._ended:
            raise WaitEndedError("the test that waited has ended, or its task was cancelled")

    @contextlib.contextmanager
    def waiting(self, condition: threading.Condition) -> Iterator[None]:
        """Wait for a condition in the block; its lock is held.

        Raises:
            WaitEndedError: the scope has ended, before the block or meanwhile.
        """
        with self._lock:
            self.check()
            self._waiting.append(condition)
        try:
            yield
        finally:
            with self._lock:
                self._waiting.remove(condition)
        self.check()


SCOPES: ContextVar[tuple[WaitScope, ...]] = ContextVar("scopes", default=())
"""The scopes of the running task's waits, beside that of the running test."""
