"""The one client that may act on a bench at a time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from rig.live.messages import RequestError


class Driver:
    """Gives one client at a time the right to act. The calls of others are rejected at once; they do not queue.

    Attributes:
        name: the client in words; empty if nobody acts.
    """

    def __init__(self) -> None:
        self.name = ""
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def acting(self, by: str, call: str) -> Iterator[None]:
        """Act within the block.

        Args:
            by: the client in words.
            call: the call that it makes.

        Raises:
            RequestError: another client acts.
        """
        with self._changed:
            if self.name:
                raise RequestError(
                    "busy",
                    f"{call} is rejected: {self.name} is acting on this bench now. Repeat it when that has ended, or "
                    "end that program",
                )
            self.name = f"{by} with {call}"
        try:
            yield
        finally:
            with self._changed:
                self.name = ""
                self._changed.notify_all()

    def wait_until_free(self, seconds: float) -> bool:
        """Wait until no client acts. Return False if a client still acts after these real seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.name, seconds)
