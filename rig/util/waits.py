"""Ends blocking waits when their test ends or their task is cancelled."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar

from rig.util.errors import WaitEndedError


class WaitScope:
    """A group of waits. When it ends, its waits end, and new ones are rejected."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = False
        self._waiting: list[threading.Condition] = []

    def end(self) -> None:
        """Make all waits in the scope, pending and future, raise `WaitEndedError`."""
        with self._lock:
            self._ended = True
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()

    def check(self) -> None:
        """Check that the scope has not ended.

        Raises:
            WaitEndedError: the scope has ended.
        """
        if self._ended:
            raise WaitEndedError("the test that waited has ended, or its task was cancelled")

    @contextlib.contextmanager
    def waiting(self, condition: threading.Condition) -> Iterator[None]:
        """Register a wait for a condition during the block. The caller holds the condition's lock.

        Raises:
            WaitEndedError: the scope ended before or during the block.
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
"""The scopes of the running task's waits, in addition to the scope of the running test."""
