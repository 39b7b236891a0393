"""Pending handshakes, limited in time and number. Each refusal becomes one event on the timeline."""

from __future__ import annotations

import asyncio
from typing import Protocol

from rig.timeline import Timeline
from rig.timeline.events import ClientRefused
from rig.util.text import visible

HANDSHAKE_TIMEOUT_S = 30.0
"""The time limit of an opening handshake, in bench seconds."""
MOST_HANDSHAKES = 256
"""The maximum number of pending handshakes. A further one closes the oldest, so idle clients do not lock out others.

One round of the loop accepts fewer clients (`ACCEPTED_AT_ONCE`). So a request that a client sends at once is read
before the limit applies.
"""

_MOST_QUOTED = 300


class Client(Protocol):
    """A client with a TCP connection."""

    @property
    def transport(self) -> asyncio.Transport:
        """The transport of TCP, or of TLS above it."""

    def hang_up(self) -> None:
        """End the TCP connection with FIN."""


class Handshakes:
    """The clients with a pending TLS handshake or opening handshake (RFC 6455 section 4.2.1).

    All methods run on the CSMS's loop.

    Args:
        timeline: gets an event for each refused client.
        source: the server, as the source of these events.
        awaited: the words that describe a timeout.
    """

    def __init__(self, timeline: Timeline, source: str = "csms", awaited: str = "sent no opening handshake") -> None:
        self._timeline = timeline
        self._source = source
        self._awaited = awaited
        self._pending: dict[Client, asyncio.TimerHandle] = {}

    def begin(self, client: Client, awaited: str = "") -> None:
        """Start the timer of a client.

        Args:
            client: a client with a TCP connection.
            awaited: the words that describe a timeout, e.g. `finished no TLS handshake`; empty: the words of the
                server.
        """
        awaited = awaited or self._awaited
        if len(self._pending) >= MOST_HANDSHAKES:
            oldest = next(iter(self._pending))
            self.end(oldest, f"it {awaited}, and {MOST_HANDSHAKES} other clients began one after it")
        late = f"it {awaited} within {HANDSHAKE_TIMEOUT_S:g} s"
        loop = asyncio.get_running_loop()
        self._pending[client] = loop.call_later(HANDSHAKE_TIMEOUT_S, self.end, client, late)

    def end_oldest(self, connections: int) -> bool:
        """End the oldest pending handshake to make room for a connection. Return False if none is pending.

        Args:
            connections: the maximum number of connections, for the reason.
        """
        if not self._pending:
            return False
        self.end(next(iter(self._pending)), f"it {self._awaited}, and {connections} connections are open")
        return True

    def forget(self, client: Client) -> None:
        """Stop the timer after the request has arrived or the connection has closed."""
        timer = self._pending.pop(client, None)
        if timer is not None:
            timer.cancel()

    def end(self, client: Client, reason: str) -> None:
        """Refuse a client without an HTTP response, because it has sent no request."""
        self.forget(client)
        self.report(client, "its connection was closed", reason)
        client.hang_up()

    def report(self, client: Client, how: str, reason: str, charge_point: str = "") -> None:
        """Put a refusal on the timeline.

        Args:
            client: the refused client.
            how: the form of the refusal, e.g. `HTTP 404`.
            reason: one sentence; text of the client in it is escaped.
            charge_point: the identity of the client, if it is known.
        """
        host, port = (*(client.transport.get_extra_info("peername") or ("?", 0)),)[:2]
        words = visible(reason)
        if len(words) > _MOST_QUOTED:
            words = f"{words[:_MOST_QUOTED]}…"
        self._timeline.append(
            ClientRefused(
                source=self._source, charge_point=charge_point, address=f"{host}:{port}", how=how, reason=words
            )
        )
