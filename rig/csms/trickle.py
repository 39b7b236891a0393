"""A connection whose bytes leave one by one, as on a bad radio link."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

_TICK_S = 0.1
"""A slow rate sends one byte at a time; a faster rate sends the bytes of this many bench seconds together."""


class Trickle:
    """Bytes that wait to leave at a rate.

    Args:
        transport: the transport of the connection.
        loop: the bench's loop.
        bytes_per_s: the rate in bytes for each bench second.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, bytes_per_s: float) -> None:
        self._transport = transport
        self._loop = loop
        self._piece = max(1, int(bytes_per_s * _TICK_S))
        self._every_s = self._piece / bytes_per_s
        self._waiting = bytearray()
        self._has_ended = False  # the end of the stream waits for the bytes before it
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Return the number of waiting bytes."""
        return len(self._waiting)

    def write(self, pieces: Iterable[bytes]) -> None:
        """Add bytes; an empty piece is the end of the stream."""
        for piece in pieces:
            if piece:
                self._waiting += piece
            else:
                self._has_ended = True
        if self._timer is None:
            self._tick()

    def end(self) -> None:
        """Send at once everything that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._send(len(self._waiting))

    def _tick(self) -> None:
        self._timer = None
        self._send(self._piece)
        if self._waiting and not self._transport.is_closing():
            self._timer = self._loop.call_later(self._every_s, self._tick)

    def _send(self, count: int) -> None:
        if self._transport.is_closing():
            return
        if self._waiting:
            self._transport.write(bytes(self._waiting[:count]))
            del self._waiting[:count]
        if self._has_ended and not self._waiting:
            self._has_ended = False
            if self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()
