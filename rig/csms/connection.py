"""A WebSocket connection that can also misbehave: send nothing, drop pongs, reset."""

from __future__ import annotations

import asyncio
import contextlib
import http
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, EXTERNAL_CLOSE_CODES, Close, CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event, State

from rig.csms.trickle import Trickle
from rig.util import tcp
from rig.util.read_buffer import BufferedReads

Mute = Literal["", "pong", "all"]

_TLS_HANDSHAKE = b"\x16\x03"  # the record of a ClientHello (RFC 8446 section 5.1)
_BLAME = frozenset({CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA, CloseCode.MESSAGE_TOO_BIG})
"""The close codes that report a protocol violation of the peer (RFC 6455 section 7.4.1)."""

MOST_UNREAD_BYTES = 2 << 20
"""The CSMS resets the connection of a client that keeps sending while this many bytes for it are unread.

An answer waits until the previous answer has left. So the unread bytes are mostly pongs to the client's pings.
"""


_MOST_AT_ONCE = 16
"""The maximum number of messages of a client that are processed before other clients have their turn."""

_MUCH_UNREAD = 1 << 16  # bytes; above this, a flood of pings pauses


class Connection(ServerConnection, BufferedReads):
    """The server's end of a connection, from the TCP connection on. It includes the opening handshake.

    Args:
        made: called when the TCP connection is established.
        opened: called when the request of the opening handshake has arrived.
        unreadable: called with the reason when the received bytes are not an opening handshake.
        lost: called when the TCP connection is closed.
        acknowledges: whether to acknowledge received data at once, which stepped time needs (`tcp.acknowledge`). In
            real time, the answer carries the acknowledgement, which saves a packet.

    Attributes:
        violation: the close code and the reason after a protocol violation of the peer (RFC 6455 section 7.1.7).
        given_up: the reason why the CSMS reset the connection; empty unless it did.
        mute: "pong": pings are not answered; "all": the CSMS sends neither frames nor the close handshake.
    """

    def __init__(
        self,
        *args: Any,
        made: Callable[[Connection], None],
        opened: Callable[[Connection], None],
        unreadable: Callable[[Connection, str], None],
        lost: Callable[[Connection], None],
        acknowledges: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._made = made
        self._opened = opened
        self._unreadable = unreadable
        self._lost = lost
        self._acknowledges = acknowledges
        self.violation: Close | None = None
        self.given_up = ""
        self._close_was_swallowed = False
        self._abort: asyncio.TimerHandle | None = None
        self.mute: Mute = ""
        self._take: Callable[[str], bool] | None = None  # set while `serve` waits for the next message
        self._is_first = False  # no message of the bytes received last was taken yet
        self._trouble: Exception | None = None
        self._trickle: Trickle | None = None
        # The sans-IO core answers pings by itself, so this is the only place to drop a pong.
        send_frame = self.protocol.send_frame

        def unless_muted(frame: Frame) -> None:
            if not (self.mute == "pong" and frame.opcode is Opcode.PONG):
                send_frame(frame)

        self.protocol.send_frame = unless_muted  # type: ignore[method-assign]
        fail = self.protocol.fail

        def fail_and_remember(code: CloseCode | int, reason: str = "") -> None:
            if code in _BLAME and self.protocol.state is State.CONNECTING:
                self._unreadable(self, f"bytes before the answer to its opening handshake are not a frame: {reason}")
            elif code in _BLAME:
                self.violation = Close(int(code), reason)
                self._abort_later()
            fail(code, reason)

        self.protocol.fail = fail_and_remember  # type: ignore[method-assign]
        respond = self.protocol.send_response

        def respond_unless_ended(response: Response) -> None:
            if not self.protocol.eof_sent:
                respond(response)
            elif self.transport.is_closing() or response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
                self.transport.close()  # the refusal has been reported
            else:
                self._unreadable(self, "it sent a close frame before the answer to its opening handshake")

        self.protocol.send_response = respond_unless_ended  # type: ignore[method-assign]

    @property
    def close_words(self) -> tuple[int | None, str]:
        """Return close code and reason: those that the CSMS sent after a `violation`, else those of the peer.

        After a reset by the CSMS there is no close frame and the code is 1006 (RFC 6455 section 7.1.5).
        """
        if self.given_up:
            return CloseCode.ABNORMAL_CLOSURE, self.given_up
        sent = self.protocol.close_sent
        if self.violation is not None and sent is not None and not self._close_was_swallowed:
            return int(sent.code), sent.reason
        return self.close_code, self.close_reason or ""

    def _abort_later(self) -> None:
        """End the TCP connection after the close timeout: the peer may never close its half."""
        if self._abort is None and self.close_timeout is not None:
            self._abort = self.loop.call_later(self.close_timeout, self._abort_unless_silent)

    def _abort_unless_silent(self) -> None:
        if self.mute != "all":
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the opening handshake on a new TCP connection."""
        super().connection_made(transport)
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Process received bytes; reset a client that sends without reading."""
        if self._acknowledges:
            tcp.acknowledge(self.transport)
        if self.request is None:
            self._read_handshake(data)
        else:
            self._is_first = True
            super().data_received(data)
            if self.protocol.close_rcvd is not None:
                self._abort_later()
            if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES and not self.given_up:
                self.give_up(f"reset: it keeps sending but has not read {MOST_UNREAD_BYTES >> 20} MiB sent to it")

    async def serve(self, take: Callable[[str], bool], process: Callable[[str | bytes], Awaitable[None]]) -> None:
        """Pass on the messages in order, until the connection is closed.

        Most messages arrive alone. Such a message is offered to `take` in the call that reads it from the socket, which
        saves a quarter of a round trip.

        Args:
            take: processes a text without waiting; returns False, without an effect, if that is impossible.
            process: processes any message.

        Raises:
            ConnectionClosed: the connection is closed.
        """
        while True:
            for _ in range(_MOST_AT_ONCE):
                self._take = take
                message = await self.recv()
                self._take = None
                if self._trouble is not None:
                    raise self._trouble
                await process(message)
            await asyncio.sleep(0)  # a client that never pauses does not delay the others

    def process_event(self, event: Event) -> None:
        """Offer a message that arrives alone to `serve`'s `take`; queue any other frame of data."""
        if self._take is not None and isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            if self._is_first and event.opcode is Opcode.TEXT and event.fin:
                self._is_first = False
                try:
                    if self._take(str(event.data, "utf-8")):
                        return
                except UnicodeDecodeError:
                    pass  # `recv` fails the connection
                except Exception as error:
                    self._trouble = error  # for `serve`, which the queued frame wakes
            self._take = None  # until the queue is empty again
        super().process_event(event)

    @property
    def is_open(self) -> bool:
        """Whether neither side has begun to close the connection."""
        return self.protocol.state is State.OPEN and not self.transport.is_closing()

    @property
    def _is_free(self) -> bool:
        return self.is_open and self.send_in_progress is None

    @property
    def can_send_at_once(self) -> bool:
        """Whether a message can be sent without waiting."""
        return self._is_free and not self.paused

    def send_at_once(self, message: str | bytes) -> None:
        """Send a message. `send` does the same, but its context managers take a tenth of a round trip.

        Args:
            message: a text, or the bytes of a binary message. Before, `can_send_at_once` must be true.
        """
        if isinstance(message, str):
            self.protocol.send_text(message.encode())
        else:
            self.protocol.send_binary(message)
        self.send_data()

    def give_up(self, reason: str) -> None:
        """Reset the connection of a client that uses too many resources.

        Args:
            reason: the reason for the timeline.
        """
        self.given_up = reason
        self.reset()

    def _read_handshake(self, data: bytes) -> None:
        if data.startswith(_TLS_HANDSHAKE):  # it has no line end, so HTTP would wait for more
            self._unreadable(self, "the client uses TLS, and this port does not: its URL must begin with ws://")
            return
        super().data_received(data)
        problem = self.protocol.handshake_exc
        if self.request is not None:
            self._opened(self)
        elif problem is not None:
            cause = f": {problem.__cause__}" if problem.__cause__ is not None else ""
            self._unreadable(self, f"its opening handshake cannot be read: {problem}{cause}")

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end of the TCP connection."""
        if self._abort is not None:
            self._abort.cancel()
        self._lost(self)
        super().connection_lost(exc)

    def send_data(self) -> None:
        """Write pending data, or drop it while muted. Whole frames are dropped, so the stream stays well formed."""
        if self.mute == "all":
            if self.protocol.data_to_send() and self.protocol.close_sent is not None:
                self._close_was_swallowed = True
        elif self._trickle is not None:
            self._trickle.write(self.protocol.data_to_send())
            if len(self._trickle) > MOST_UNREAD_BYTES and not self.given_up:
                self.give_up(f"reset: more than {MOST_UNREAD_BYTES >> 20} MiB wait for the slow link to it")
        else:
            super().send_data()

    def slow_down(self, bytes_per_s: float) -> None:
        """Send everything at a rate from now on; 0 sends at full speed again, pending data first."""
        if self._trickle is not None:
            self._trickle.end()
            self._trickle = None
        if bytes_per_s:
            self._trickle = Trickle(self.transport, self.loop, bytes_per_s)

    def change_mute(self, mute: Mute) -> None:
        """Change `mute`. If "all" dropped the close handshake, the end of "all" resets the connection."""
        before, self.mute = self.mute, mute
        if before == "all" and mute != "all" and self.protocol.state in (State.CLOSING, State.CLOSED):
            self.reset()

    def ping_now(self) -> None:
        """Send an empty ping, unless the client has much unread data. Do not wait for the pong."""
        if self.send_in_progress is None and self.transport.get_write_buffer_size() < _MUCH_UNREAD:
            self.protocol.send_ping(b"")
            self.send_data()

    async def flood(self, payload: bytes, times: int) -> None:
        """Send several pongs back to back, in one write.

        Args:
            payload: the payload, at most 125 bytes.
            times: the number of pongs.
        """
        async with self.send_context():
            for _ in range(times):
                self.protocol.send_pong(payload)

    async def close_with(self, code: int, reason: str = "") -> None:
        """Close with any close code, even with one that must not be on the wire (RFC 6455 section 7.4).

        Args:
            code: the close code, from 0 to 65535.
            reason: the close reason, at most 123 bytes.
        """
        if code in EXTERNAL_CLOSE_CODES or 3000 <= code < 5000:
            await self.close(code, reason)
            return
        with contextlib.suppress(ConnectionClosed):
            async with self.send_context():
                self.protocol.send_frame(Frame(Opcode.CLOSE, struct.pack("!H", code) + reason.encode()))
                self.protocol.close_sent = Close(code, reason)
                self.protocol.state = State.CLOSING

    async def transmit(self, message: str | bytes, fragments: int = 1) -> bool:
        """Send a message. Return False if the connection is closing; the message is lost, as on any network.

        Args:
            message: a text, or the bytes of a binary message.
            fragments: the number of frames of a text, from 1 to the number of characters; a ping is sent between
                each two.
        """
        if fragments == 1 and self._is_free:
            self.send_at_once(message)
            if self.paused or self.transport.is_closing():
                await self.drain()
            return True
        try:
            whole = fragments == 1 or isinstance(message, bytes)
            await self.send(message if whole else self._in_pieces(str(message), fragments))
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

    def hang_up(self) -> None:
        """End the TCP connection with FIN, without a close handshake."""
        self.transport.close()
