"""Handshakes that are under way: bounded in time and in number; a refusal is one event on the timeline."""

from __future__ import annotations

import asyncio
from typing import Protocol

from rig.timeline import Timeline
from rig.timeline.events import ClientRefused
from rig.util.text import visible

HANDSHAKE_TIMEOUT_S = 30.0
"""How long, in bench seconds, a client may take for the request that opens its connection."""
MOST_HANDSHAKES = 256
"""How many clients may be at that at once; one more ends the oldest of them, so that idle ones keep nobody out.

More than a round of the loop accepts (100): the request of a client that sends it at once is read before that.
"""

_MOST_QUOTED = 300


class Client(Protocol):
    """A client on TCP."""

    @property
    def transport(self) -> asyncio.Transport:
        """Of TCP, or of TLS on it."""


class Handshakes:
    """The clients whose TLS handshake is under way, or whose opening handshake has not come (RFC 6455 section 4.2.1).

    Belongs to the CSMS' loop.

    Args:
        timeline: gets an event for each client that is refused.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._pending: dict[Client, asyncio.TimerHandle] = {}

    def begin(self, client: Client, awaited: str = "sent no opening handshake") -> None:
        """Take in a client.

        Args:
            client: it has a TCP connection.
            awaited: the words for a client that does not do in time what it is to do.
        """
        if len(self._pending) >= MOST_HANDSHAKES:
            oldest = next(iter(self._pending))
            self.end(oldest, f"it {awaited}, and {MOST_HANDSHAKES} others began one after it")
        late = f"it {awaited} within {HANDSHAKE_TIMEOUT_S:g} s"
        loop = asyncio.get_running_loop()
        self._pending[client] = loop.call_later(HANDSHAKE_TIMEOUT_S, self.end, client, late)

    def forget(self, client: Client) -> None:
        """Stop the timer: the request has come, or the connection is gone."""
        timer = self._pending.pop(client, None)
        if timer is not None:
            timer.cancel()

    def end(self, client: Client, reason: str) -> None:
        """Refuse a client without an answer: there is no request to answer."""
        self.forget(client)
        self.report(client, "its connection was closed", reason)
        client.transport.close()

    def report(self, client: Client, how: str, reason: str, charge_point: str = "") -> None:
        """Put a refusal on the timeline.

        Args:
            client: who is refused.
            how: the form of the refusal, e.g. `HTTP 404`.
            reason: in one sentence; text of the client in it is escaped.
            charge_point: its identity, where that is known.
        """
        host, port = (*(client.transport.get_extra_info("peername") or ("?", 0)),)[:2]
        words = visible(reason)
        if len(words) > _MOST_QUOTED:
            words = f"{words[:_MOST_QUOTED]}…"
        self._timeline.append(
            ClientRefused(source="csms", charge_point=charge_point, address=f"{host}:{port}", how=how, reason=words)
        )
