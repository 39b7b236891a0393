"""A WebSocket connection that can also behave badly: fall silent, swallow pongs, reset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from rig.util import tcp

Mute = Literal["", "pong", "all"]


class Connection(ServerConnection):
    """The server's end of a connection, from the moment that TCP has one: the opening handshake is part of it.

    Args:
        made: called when TCP has the connection.
        lost: called when it has it no more.

    Attributes:
        mute: "pong": pings are not answered; "all": nothing at all leaves, neither frames nor the close handshake.
    """

    def __init__(
        self, *args: Any, made: Callable[[Connection], None], lost: Callable[[Connection], None], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._made = made
        self._lost = lost
        self.mute: Mute = ""
        # The sans-IO core answers pings by itself, so this is the only place to keep a pong back.
        send_frame = self.protocol.send_frame

        def unless_muted(frame: Frame) -> None:
            if not (self.mute == "pong" and frame.opcode is Opcode.PONG):
                send_frame(frame)

        self.protocol.send_frame = unless_muted  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP has a connection."""
        super().connection_made(transport)
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        tcp.acknowledge(self.transport)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """TCP has it no more."""
        self._lost(self)
        super().connection_lost(exc)

    def send_data(self) -> None:
        """Write what is due, or drop it while silent. Frames are dropped whole, so the stream stays well formed."""
        if self.mute == "all":
            self.protocol.data_to_send()
        else:
            super().send_data()

    def change_mute(self, mute: Mute) -> None:
        """Keep back that much from now on. Where silence swallowed the close handshake, its end is a reset."""
        before, self.mute = self.mute, mute
        if before == "all" and mute != "all" and self.protocol.state in (State.CLOSING, State.CLOSED):
            self.reset()

    async def flood(self, payload: bytes, times: int) -> None:
        """Send that many pongs back to back, as one write.

        Args:
            payload: at most 125 bytes.
            times: how many.
        """
        async with self.send_context():
            for _ in range(times):
                self.protocol.send_pong(payload)

    async def transmit(self, text: str, fragments: int = 1) -> bool:
        """Send a text message. False where the connection is closing: what it carried is lost, as on any network.

        Args:
            text: the message.
            fragments: in how many frames it goes out, with a ping between each two; 1 to the number of characters.
        """
        if fragments == 1 and self.protocol.state is State.OPEN and self.send_in_progress is None:
            # What `send` does then, without its contexts, which take a tenth of a round trip.
            self.protocol.send_text(text.encode())
            self.send_data()
            await self.drain()
            return True
        try:
            await self.send(text if fragments == 1 else self._in_pieces(text, fragments))
        except ConnectionClosed:
            return False
        return True

    async def _in_pieces(self, text: str, count: int) -> AsyncIterator[str]:
        for piece in range(count):
            if piece > 0:
                await self.ping()
            yield text[piece * len(text) // count : (piece + 1) * len(text) // count]

    def reset(self) -> None:
        """End the TCP connection with RST, without a close handshake."""
        tcp.reset(self.transport)
