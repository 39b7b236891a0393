"""Opening handshakes that are under way: bounded in time and in number; a refusal is one line on the timeline."""

from __future__ import annotations

import asyncio

from rig.csms.connection import Connection
from rig.timeline import Timeline
from rig.timeline.events import Note
from rig.util.text import visible

HANDSHAKE_TIMEOUT_S = 30.0
"""How long, in bench seconds, a client may take for the request that opens its connection."""
MOST_HANDSHAKES = 256
"""How many clients may be at that at once; one more ends the oldest of them, so that idle ones keep nobody out.

More than a round of the loop accepts (100): the request of a client that sends it at once is read before that.
"""

_MOST_QUOTED = 300


class Handshakes:
    """The clients whose opening handshake has not come yet (RFC 6455 section 4.2.1). Belongs to the CSMS' loop.

    Args:
        timeline: gets a note for each client that is refused.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._pending: dict[Connection, asyncio.TimerHandle] = {}

    def begin(self, connection: Connection) -> None:
        """Take in a connection that TCP has made."""
        if len(self._pending) >= MOST_HANDSHAKES:
            oldest = next(iter(self._pending))
            self.end(oldest, f"it sent no opening handshake, and {MOST_HANDSHAKES} others began one after it")
        late = f"it sent no opening handshake within {HANDSHAKE_TIMEOUT_S:g} s"
        self._pending[connection] = connection.loop.call_later(HANDSHAKE_TIMEOUT_S, self.end, connection, late)

    def forget(self, connection: Connection) -> None:
        """Stop the timer: the request has come, or the connection is gone."""
        timer = self._pending.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def end(self, connection: Connection, reason: str) -> None:
        """Refuse a client without an answer: there is no request to answer."""
        self.forget(connection)
        self.report(connection, "its connection was closed", reason)
        connection.transport.close()

    def report(self, connection: Connection, how: str, reason: str) -> None:
        """Put a refusal on the timeline.

        Args:
            connection: the client's.
            how: the form of the refusal, e.g. `HTTP 404`.
            reason: in one sentence; text of the client in it is escaped.
        """
        host, port = (*(connection.remote_address or ("?", 0)),)[:2]
        words = visible(reason)
        if len(words) > _MOST_QUOTED:
            words = f"{words[:_MOST_QUOTED]}…"
        self._timeline.append(Note(source="csms", text=f"refused the client {host}:{port} ({how}): {words}"))
