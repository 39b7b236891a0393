"""One connection to the file server: it reads requests, and sends answers that may be wrong on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import h11

from rig.files.failure import Failure
from rig.files.name import BadNameError, name_of
from rig.files.reply import Reply, text_reply
from rig.files.request import DOWNLOADS, MOST_HEADER_BYTES, UPLOADS, RejectedError, Request, Site
from rig.files.transfer import Transfer
from rig.util import tcp
from rig.util.text import visible

IDLE_TIMEOUT_S = 30.0
"""The time without any progress after which a connection is closed, in bench seconds."""
REQUEST_TIMEOUT_S = 6 * 3600.0
"""The time limit of a whole request, in bench seconds. A file that trickles takes hours."""

_CHUNK = 1 << 16
_TICK_S = 0.1
"""A slow rate moves one byte at a time; a faster rate moves the bytes of this many bench seconds together."""
_MOST_UNREAD_BYTES = 64 << 20
"""Bytes of a refused upload that are read and dropped, so that the client reads the answer before a reset."""


class Service(Protocol):
    """The server as its connections see it."""

    @property
    def site(self) -> Site:
        """The beginnings of its URLs."""

    def failures_for(self, request: Request) -> list[Failure]:
        """Let every active failure count a request, and return those that take it."""

    def download(self, request: Request, failures: list[Failure], transfer: Transfer) -> Reply:
        """Return the answer with a file.

        Raises:
            RejectedError: there is no such file.
        """

    async def upload(
        self,
        request: Request,
        failures: list[Failure],
        body: Callable[[float], AsyncIterator[bytes]],
        transfer: Transfer,
    ) -> Reply | None:
        """Take an upload, and return the answer; None: the connection is reset.

        Raises:
            RejectedError: the upload is refused.
        """

    def validate_login(self, request: Request) -> None:
        """Check the login of a request.

        Raises:
            RejectedError: the login is missing or wrong.
        """

    def publish(self, transfer: Transfer) -> None:
        """Put a transfer on the timeline, once."""


class Connection:
    """The server's end of a connection.

    Args:
        service: the server.
        reader, writer: the streams of the connection.
        opened: called when its first request has arrived.
    """

    def __init__(
        self,
        service: Service,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        opened: Callable[[], None],
    ) -> None:
        self._service = service
        self._reader = reader
        self._writer = writer
        self._opened = opened
        self._http = h11.Connection(h11.SERVER, MOST_HEADER_BYTES)
        host, port = (*(writer.get_extra_info("peername") or ("?", 0)),)[:2]
        self._address = f"{host}:{port}"
        self._uses_tls = writer.get_extra_info("ssl_object") is not None

    async def serve(self) -> None:
        """Answer requests until the connection ends."""
        try:
            while await self._exchange():
                self._http.start_next_cycle()
        finally:
            self._writer.close()

    async def _exchange(self) -> bool:
        """Answer a request. Return whether another one may follow."""
        transfer = Transfer(self._address, tls=self._uses_tls)
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                return await self._read_and_answer(transfer)
        except h11.RemoteProtocolError as error:
            return await self._refuse_malformed(transfer, error)
        except (ConnectionError, TimeoutError) as error:
            transfer.fail("the client was too slow" if isinstance(error, TimeoutError) else "the client left")
            return False
        except asyncio.CancelledError:
            transfer.fail("the server ended its connections")
            raise
        finally:
            self._service.publish(transfer)

    async def _read_and_answer(self, transfer: Transfer) -> bool:
        async with asyncio.timeout(IDLE_TIMEOUT_S):  # also for a head that comes byte by byte
            event = await self._next()
        if not isinstance(event, h11.Request):
            return False  # the client closed the connection
        self._opened()
        transfer.begin(event)
        if not _has_body(event):
            await self._next()  # h11 needs the end of the request before the answer
        failures: list[Failure] = []
        reply: Reply | None
        try:
            request = self._request(event)
            self._service.validate_login(request)
            failures = self._service.failures_for(request)
            transfer.fault = ", ".join(dict.fromkeys(failure.name for failure in failures))
            refusal = next(filter(None, (failure.effect.refusal(request) for failure in reversed(failures))), None)
            if refusal is not None:
                reply = refusal
            elif request.is_upload:
                reply = await self._service.upload(request, failures, self._body, transfer)
            else:
                reply = self._service.download(request, failures, transfer)
        except RejectedError as refused:
            transfer.error = refused.why
            reply = text_reply(refused.status, f"File server: {refused.why}.", *refused.headers)
        if reply is None:
            transfer.fail("the server reset the connection on purpose")
            tcp.reset(self._writer.transport)
            return False
        for failure in failures:
            reply = failure.effect.reply(reply)
        try:
            return await self._send(reply, transfer, without_body=event.method == b"HEAD")
        finally:
            reply.body.close()

    def _request(self, event: h11.Request) -> Request:
        """Return the head of a request.

        Raises:
            RejectedError: the head is too large, the server has no such method, or the target is no name of a file.
        """
        if event.http_version not in (b"1.0", b"1.1"):
            raise RejectedError(505, "the server has no HTTP but version 1")
        # h11 limits only a head that it has received in parts.
        if len(event.target) + sum(len(name) + len(value) for name, value in event.headers) > MOST_HEADER_BYTES:
            raise RejectedError(431, f"the head of a request has at most {MOST_HEADER_BYTES >> 10} KiB")
        method = event.method.decode("ascii")
        if method not in (*DOWNLOADS, *UPLOADS):
            allowed = ", ".join((*DOWNLOADS, *UPLOADS))
            raise RejectedError(405, f"it has no method {visible(method[:20])}, only {allowed}", ("Allow", allowed))
        headers: dict[str, str] = {}
        for field, value in event.headers:
            key, text = field.decode("ascii"), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        try:
            name = name_of(event.target.decode("ascii"))
        except BadNameError as error:
            raise RejectedError(400, str(error)) from None
        return Request(method, event.target.decode("ascii"), name, headers, self._service.site)

    # -- reading --------------------------------------------------------------------------------------------------

    async def _next(self) -> h11.Event | type[h11.PAUSED]:
        """Return the next event of the connection."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                data = await self._reader.read(_CHUNK)
            if not data and self._http.their_state is h11.SEND_BODY:
                raise ConnectionResetError
            self._http.receive_data(data)
        return event  # type: ignore[return-value]  # NEED_DATA is excluded above

    async def _body(self, bytes_per_s: float) -> AsyncIterator[bytes]:
        """Yield the body of a request.

        Args:
            bytes_per_s: the rate in bytes for each bench second; 0: as fast as it comes.
        """
        if self._http.they_are_waiting_for_100_continue:
            await self._write(
                self._http.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
            )
        while isinstance(event := await self._next(), h11.Data):
            data = bytes(event.data)
            for at in range(0, len(data), step := _step(bytes_per_s, len(data))):
                if bytes_per_s:
                    await asyncio.sleep(step / bytes_per_s)
                yield data[at : at + step]

    # -- sending --------------------------------------------------------------------------------------------------

    async def _send(self, reply: Reply, transfer: Transfer, *, without_body: bool) -> bool:
        """Send an answer. Return whether another request may follow."""
        is_silent = reply.cut_after == -1
        if not is_silent:
            transfer.status = reply.status
            await self._write(self._head(reply))
            if not without_body and not await self._send_body(reply, transfer):
                tcp.reset(self._writer.transport)
                return False
        if is_silent or (reply.cut_after is not None and not without_body):
            await self._end(reply, transfer)
            return False
        self._http.send(h11.EndOfMessage())
        return await self._is_reusable(transfer)

    def _head(self, reply: Reply) -> bytes:
        """Return the head of an answer."""
        headers = [*reply.headers, ("Server", "Plugbench")]
        if reply.status != http.HTTPStatus.NOT_MODIFIED:  # 304 would need the file's length (RFC 9110 section 8.6)
            headers.append(("Content-Length", str(reply.length)))
        if self._http.our_state is h11.MUST_CLOSE or self._http.their_state is h11.SEND_BODY:
            headers.append(("Connection", "close"))  # a body that is not read hides the next request
        try:
            reason = http.HTTPStatus(reply.status).phrase
        except ValueError:  # a status without a name
            reason = ""
        return self._http.send(h11.Response(status_code=reply.status, headers=headers, reason=reason.encode()))

    async def _send_body(self, reply: Reply, transfer: Transfer) -> bool:
        """Send the body of an answer. Return whether the file had all its bytes."""
        part = reply.part if reply.cut_after is None else reply.part[: reply.cut_after]
        step = _step(reply.bytes_per_s, _CHUNK)
        for at in range(part.start, part.stop, step):
            wanted = min(step, part.stop - at)
            data = reply.body.read(at, wanted)
            # A fault may contradict the Content-Length, which h11 would refuse to send.
            await self._write(data if reply.cut_after is not None else self._http.send(h11.Data(data=data)))
            transfer.sent += len(data)
            if reply.bytes_per_s:
                await asyncio.sleep(step / reply.bytes_per_s)
            if len(data) < wanted:  # the file was truncated after the Content-Length was sent
                transfer.fail("the file became shorter")
                return False
        return True

    async def _end(self, reply: Reply, transfer: Transfer) -> None:
        """End an answer that a fault has cut."""
        transfer.fail("the server ended the answer on purpose")
        if reply.end == "stall":
            self._service.publish(transfer)
            while await self._reader.read(_CHUNK):
                pass
        elif reply.end == "reset":
            tcp.reset(self._writer.transport)

    async def _write(self, data: bytes | None) -> None:
        self._writer.write(data or b"")
        async with asyncio.timeout(IDLE_TIMEOUT_S):
            await self._writer.drain()

    async def _is_reusable(self, transfer: Transfer) -> bool:
        """Return whether another request may follow; if not, read the bytes that the client is still sending."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            return True
        if self._http.their_state is h11.SEND_BODY and not self._http.they_are_waiting_for_100_continue:
            self._service.publish(transfer)  # the rest may take long
            await self._drop_the_rest()
        return False

    async def _drop_the_rest(self) -> None:
        if self._writer.can_write_eof():
            with contextlib.suppress(OSError):  # the client has already reset the connection
                self._writer.write_eof()
        unread = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_TIMEOUT_S):
                while unread < _MOST_UNREAD_BYTES and (data := await self._reader.read(_CHUNK)):
                    unread += len(data)

    async def _refuse_malformed(self, transfer: Transfer, error: h11.RemoteProtocolError) -> bool:
        """Answer bytes that are no request (RFC 9112 section 9.6), unless an answer has begun."""
        if self._writer.is_closing():  # the handshake took too long, which is reported already
            return False
        transfer.fail(f"no request of HTTP: {visible(str(error))}")
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._opened()
            reply = text_reply(error.error_status_hint, "File server: the request cannot be read.")
            transfer.status = reply.status
            with contextlib.suppress(ConnectionError, TimeoutError):
                await self._write(self._head(reply) + reply.body.read(0, reply.length))
                self._service.publish(transfer)
                await self._drop_the_rest()
        return False


def _has_body(event: h11.Request) -> bool:
    """Return whether a request has a body (RFC 9112 section 6.3)."""
    headers = dict(event.headers)
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0").strip(b"0") != b""


def _step(bytes_per_s: float, most: int) -> int:
    """Return the number of bytes that move together at a rate."""
    return max(1, min(most, int(bytes_per_s * _TICK_S))) if bytes_per_s else max(1, most)
