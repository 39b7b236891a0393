"""The trace of an open bench: its latest events, read from the live socket, with a cursor."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from rig.live.client import Client

MOST_EVENTS = 10_000
MOST_BYTES = 32 << 20
"""The limits of the kept events. The oldest are dropped, and a reader gets the number of missed events."""


class Page(NamedTuple):
    """A part of the trace.

    Attributes:
        events: the events as JSON, oldest first.
        cursor: the cursor for the next part.
        lost: the number of events from the given cursor on that have been dropped.
    """

    events: list[bytes]
    cursor: int
    lost: int


class Trace:
    """Keeps the latest events of a bench. A thread reads them from a connection of its own.

    Args:
        client: the connection.
        on_end: called in the thread when the bench has ended.
    """

    def __init__(self, client: Client, on_end: Callable[[], None] = lambda: None) -> None:
        self._client = client
        self._on_end = on_end
        self._events: deque[tuple[int, str, bytes]] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._next = 1  # the cursor after the latest event: counts events and losses
        self.end = ""
        """Why the bench has ended; empty while it is open."""
        client.request("subscribe", since=1)
        self._thread = threading.Thread(target=self._read, name="trace", daemon=True)
        self._thread.start()

    def page(self, cursor: int, kinds: Sequence[str], limit: int, wait_s: float) -> Page:
        """Return the events from a cursor on.

        Args:
            cursor: 1 for the oldest kept event; then the cursor of the previous part.
            kinds: the types of events; empty: all.
            limit: the maximum number of events.
            wait_s: the time to wait for a first event, in real seconds.
        """
        until = time.monotonic() + wait_s
        with self._changed:
            while True:
                found, lost, behind = self._from(cursor, kinds, limit)
                left = until - time.monotonic()
                if found or left <= 0 or self.end:
                    return Page(found, behind, lost)
                self._changed.wait(left)

    def _from(self, cursor: int, kinds: Sequence[str], limit: int) -> tuple[list[bytes], int, int]:
        """Return the kept events from a cursor on, the number of missing ones, and the next cursor."""
        found: list[bytes] = []
        lost, behind = 0, cursor
        for number, kind, line in self._events:
            if number < cursor or len(found) == limit:
                continue
            lost += number - behind if behind > 1 else 0
            behind = number + 1
            if not kinds or kind in kinds:
                found.append(line)
        return found, lost, behind

    def _read(self) -> None:
        try:
            for message in self._client.pushed():
                with self._changed:
                    self._take(message)
                    self._changed.notify_all()
        except (OSError, ValueError):  # the connection was closed here
            pass
        with self._changed:
            self.end = self._client.end or "the connection was closed"
            self._changed.notify_all()
        self._on_end()

    def _take(self, message: dict[str, Any]) -> None:
        if "lost" in message:
            self._next += int(message["lost"])
        elif "event" in message:
            line = orjson.dumps(message["event"])
            self._events.append((self._next, message["event"].get("type", ""), line))
            self._next += 1
            self._bytes += len(line)
            while len(self._events) > MOST_EVENTS or (self._bytes > MOST_BYTES and len(self._events) > 1):
                _, _, dropped = self._events.popleft()
                self._bytes -= len(dropped)
