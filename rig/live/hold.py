"""Holds a session between two tests until a person resumes it."""

from __future__ import annotations

import threading
from collections.abc import Callable

_TICK_S = 0.05
"""Real seconds between two checks. If a client is connected, bench time advances by the same amount."""


class Hold:
    """The pause of a session. `request` and `resume` may be called from any thread.

    Attributes:
        is_holding: whether the session waits now.
        why: the reason in words while it waits.
    """

    def __init__(self) -> None:
        self.is_holding = False
        self.why = ""
        self._requested = False
        self._changed = threading.Condition()

    @property
    def is_requested(self) -> bool:
        """Whether the session is to wait before its next test."""
        return self._requested

    def request(self) -> None:
        """Make the session wait before its next test."""
        with self._changed:
            self._requested = True
            self._changed.notify_all()

    def resume(self) -> None:
        """Let the session continue."""
        with self._changed:
            self._requested = False
            self.is_holding = False
            self._changed.notify_all()

    def wait(self, why: str, tick: Callable[[float], bool]) -> None:
        """Hold the calling thread until `resume`.

        Args:
            why: the reason in words, for `rig status`.
            tick: called about 20 times a second with the real seconds of a tick; if it returns True, the hold ends.
        """
        with self._changed:
            self.is_holding, self.why = True, why
            self._changed.notify_all()
        try:
            while True:
                with self._changed:
                    if not self.is_holding:
                        return
                    self._changed.wait(_TICK_S)
                    if not self.is_holding:
                        return
                if tick(_TICK_S):
                    self.resume()
                    return
        finally:
            # A request after `resume` remains: it is for the next test.
            with self._changed:
                self.is_holding, self.why = False, ""

    def wait_until_holding(self, seconds: float) -> bool:
        """Wait until the session holds, at most for these real seconds. Return whether it holds."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_holding, seconds)
