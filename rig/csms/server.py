"""The server: it accepts WebSocket connections of charge points (OCPP-J 1.6 section 3.1)."""

from __future__ import annotations

import asyncio
import contextlib
import http
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from rig.csms.bad_handshake import BadHandshake, malform_handshakes
from rig.csms.behaviour import Behaviour
from rig.csms.connection import Connection, Mute
from rig.csms.handshakes import Handshakes
from rig.csms.security import Security
from rig.csms.session import ChargePoint
from rig.csms.tls import TlsServer
from rig.csms.wire import FrameFault, Wire
from rig.ocpp.versions import VERSIONS
from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble, LinkChange, Note
from rig.util.arguments import validate_one_of
from rig.util.errors import AuthorError, BenchError
from rig.util.open_files import most_open_files
from rig.util.tcp import ACCEPTED_AT_ONCE, BACKLOG, Port

MAX_FRAME_BYTES = 1 << 20
"""The maximum size of a message. A larger one is rejected with close code 1009 (RFC 6455 section 7.4.1)."""

MOST_CHARGE_POINTS = 1000
"""The maximum number of remembered charge points. Connected ones may exceed it."""

OPEN = Security()
"""Security profile 0: every client is accepted, without TLS."""

_NO_TLS = "finished no TLS handshake"

MOST_CONNECTIONS = 2000
"""The maximum number of open connections; fewer if the process may open fewer files.

A further connection ends the oldest pending opening handshake. If none is pending, the further connection is reset.
"""

SPARE_FILES = 128
"""File descriptors besides connections: those of the file server, and of connections that are not counted yet.

The loop counts a connection two rounds after it has accepted it, and closes it one round later.
"""

_MOST_QUEUED = 4
"""With this number of queued messages of a client, each up to `MAX_FRAME_BYTES`, the CSMS stops reading."""

_CLOSE_TIMEOUT_S = 1.0  # for the charge point's half of the close handshake


class _TlsConnection(TlsServer):
    """TLS below a connection. websockets treats this object as that connection, and compares its `protocol`."""

    def __init__(self, above: Connection, *args: Any, **callbacks: Any) -> None:
        super().__init__(above, *args, **callbacks)
        self.protocol = above.protocol


class CsmsServer:
    """A CSMS for OCPP 1.6J, 2.0.1 and 2.1. All methods run on its loop; `rig.csms.Csms` wraps it for tests.

    Args:
        timeline: gets an event for each connection and frame.
        behaviour: makes the normal answers.
        host: the address to listen on.
        port: 0 takes a free port. The port is kept until `close`, even while the server is stopped.
        security: the login that clients need.
        protocols: the accepted sub-protocols, keys of `VERSIONS`.

    Attributes:
        versions: the accepted versions of OCPP.

    Raises:
        BenchError: the port is taken, or a certificate cannot be used.
        AuthorError: a sub-protocol is unknown, or `protocols` is empty.
    """

    def __init__(
        self,
        timeline: Timeline,
        behaviour: Behaviour,
        host: str = "127.0.0.1",
        port: int = 0,
        security: Security = OPEN,
        protocols: Sequence[str] = tuple(VERSIONS),
    ) -> None:
        for protocol in protocols:
            validate_one_of("a sub-protocol", protocol, VERSIONS)
        if not protocols:
            raise AuthorError(f"the CSMS accepts no sub-protocol: name one of {', '.join(VERSIONS)}")
        self.versions = tuple(VERSIONS[protocol] for protocol in dict.fromkeys(protocols))
        self.behaviour = behaviour
        self.refuse_with: int | None = None
        """The HTTP status of `REFUSALS` that answers opening handshakes; None: they are accepted."""
        self.retry_after_s = 0
        self.redirect_to = ""
        """The header Location of a redirection; empty: the URL of the request, so the redirection never ends."""
        self.bad_handshake: BadHandshake | None = None
        """The kind of malformed answers to opening handshakes; None: normal answers."""
        self._timeline = timeline
        self._security_at_start = security
        self._security = security
        self._tls_context = security.tls()
        self._port = Port(host, port, "CSMS")
        self._server: Server | None = None
        self._points: dict[str, ChargePoint] = {}
        self._connections: set[Connection] = set()  # including those with a pending opening handshake
        self._tls_clients: set[TlsServer] = set()
        self._tcp_clients: set[Connection | TlsServer] = set()  # one for each TCP connection
        self._handshakes = Handshakes(timeline)
        self._wire = Wire()
        self._mute: Mute = ""
        self._bytes_per_s = 0.0
        self._speaking = asyncio.Event()
        self._speaking.set()

    @property
    def host(self) -> str:
        """The address of the server."""
        return self._port.host

    @property
    def port(self) -> int:
        """The port, which never changes."""
        return self._port.number

    @property
    def is_listening(self) -> bool:
        """Whether the server was started and not stopped since."""
        return self._server is not None

    @property
    def speaks_tls(self) -> bool:
        """Whether new connections must begin with TLS."""
        return self._security.certificate is not None

    @property
    def charge_points(self) -> tuple[str, ...]:
        """The identities of the remembered charge points, oldest first."""
        return tuple(self._points)

    def charge_point(self, identity: str) -> ChargePoint:
        """Return the record of a charge point. The first request for an identity creates it."""
        point = self._points.get(identity)
        if point is None:
            if len(self._points) >= MOST_CHARGE_POINTS:
                self._forget_one()
            point = self._points[identity] = ChargePoint(identity, self._timeline, self.behaviour, self._wire)
        return point

    def _forget_one(self) -> None:
        """Forget the oldest charge point without a connection, if there is one."""
        gone = next((identity for identity, point in self._points.items() if point.connection is None), None)
        if gone is not None:
            del self._points[gone]
            self.behaviour.forget(gone)

    # -- life ---------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, unless it listens already.

        Raises:
            BenchError: another program listens on the port.
        """
        if self._server is None:
            listener = self._port.listener()
            self._server = await serve(
                self._serve_connection,
                sock=listener,
                backlog=ACCEPTED_AT_ONCE,
                select_subprotocol=self._select_subprotocol,
                process_request=self._process_request,
                process_response=self._process_response,
                # `Server` accepts any factory of asyncio protocols, but its annotation is narrower.
                create_connection=self._make_protocol,  # type: ignore[arg-type]
                compression=None,  # frames stay readable in a capture, and a dropped frame does not break the next
                max_size=MAX_FRAME_BYTES,
                max_queue=_MOST_QUEUED,
                open_timeout=None,  # `Handshakes` has its own timeout, which excludes times of silence
                ping_interval=None,
                close_timeout=_CLOSE_TIMEOUT_S,
                start_serving=False,  # `self._server` must be set before the first client comes
            )
            await self._server.start_serving()
            listener.listen(BACKLOG)  # asyncio has set the queue of the kernel to `ACCEPTED_AT_ONCE`

    async def stop(self, code: int | None = None, reason: str = "") -> None:
        """Stop listening and end all connections. The port refuses connections until `start`.

        Args:
            code: close the connections with this code (RFC 6455 section 7.4), e.g. 1012; None, or while silent: reset
                them, as a crash would. A connection with a pending opening handshake is always reset.
            reason: the close reason.
        """
        server, self._server = self._server, None
        if server is None:
            return
        for client in tuple(self._tls_clients):
            if client.is_shaking_hands:
                client.reset()
        goodbye = None if self._mute == "all" else code  # a silent CSMS sends no close frame
        for connection in tuple(self._connections):
            # A connection with a pending opening handshake has no close codes, and may stay in the handshake forever.
            if goodbye is None or connection.protocol.state is State.CONNECTING:
                connection.reset()
        if goodbye is None:
            server.close(close_connections=False)
        else:
            server.close(code=goodbye, reason=reason)
        self._speaking.set()  # opening handshakes that silence defers must not delay the stop
        await server.wait_closed()
        if self._mute == "all":
            self._speaking.clear()

    async def close(self) -> None:
        """Stop and release the port, even if stopping fails."""
        try:
            await self.stop()
        finally:
            self._port.close()

    # -- misbehaviour -------------------------------------------------------------------------------------------

    async def mute(self, mute: Mute) -> Mute:
        """Change the mute state (see `Connection.mute`). Return the previous one.

        "all" also defers the handshakes of TLS and WebSocket.
        """
        before, self._mute = self._mute, mute
        for connection in tuple(self._connections):
            connection.change_mute(mute)
        if mute == "all":
            self._speaking.clear()
        else:
            self._speaking.set()
        for client in tuple(self._tls_clients):
            if client.is_shaking_hands and (mute == "all") != (before == "all"):
                self._silence_tls(client) if mute == "all" else self._begin_tls(client)
        return before

    async def slow_down(self, bytes_per_s: float) -> float:
        """Send everything at a rate, for each connection; 0: at full speed. Return the previous rate."""
        before, self._bytes_per_s = self._bytes_per_s, bytes_per_s
        for connection in tuple(self._connections):
            connection.slow_down(bytes_per_s)
        return before

    async def drop_connections(self) -> int:
        """Reset all TCP connections. Return their number."""
        dropped = tuple(self._connections)
        for connection in dropped:
            connection.reset()
        return len(dropped)

    async def close_connections(self, code: int, reason: str) -> None:
        """Close all connections with any close code."""
        opened = [connection for connection in self._connections if connection.protocol.state is State.OPEN]
        await asyncio.gather(*(connection.close_with(code, reason) for connection in opened))

    async def ping_all(self) -> None:
        """Send a ping on each open connection, unless its client has stopped reading."""
        for connection in tuple(self._connections):
            if connection.protocol.state is State.OPEN:
                connection.ping_now()

    def secure(self, security: Security) -> Security:
        """Require a security profile of new connections. Return the previous one.

        Raises:
            BenchError: a certificate cannot be used; the previous profile stays.
        """
        self._tls_context = security.tls()
        before, self._security = self._security, security
        return before

    @property
    def frame_faults(self) -> tuple[FrameFault, ...]:
        """The active faults of frames, the latest last."""
        return self._wire.faults

    async def add_frame_fault(self, fault: FrameFault) -> None:
        """Begin a fault of single frames."""
        self._wire.add(fault)

    async def remove_frame_fault(self, fault: FrameFault) -> None:
        """End a fault of single frames, and deliver the frames that it holds."""
        self._wire.remove(fault)
        for point in tuple(self._points.values()):
            await point.end_fault(fault)

    async def reset(self) -> None:
        """Restore a normal CSMS: undo faults, refusals, replaced and held answers, and all changed settings."""
        for fault in self._wire.faults:
            await self.remove_frame_fault(fault)
        self.refuse_with = None
        self.retry_after_s = 0
        self.redirect_to = ""
        await self.slow_down(0)
        self.bad_handshake = None
        self.secure(self._security_at_start)
        self.behaviour.reset()
        for point in self._points.values():
            point.reset()
        await self.mute("")

    # -- connections --------------------------------------------------------------------------------------------

    def _make_protocol(self, *args: Any, **kwargs: Any) -> Connection | TlsServer:
        connection = Connection(
            *args,
            **kwargs,
            made=self._made if self._tls_context is None else self._made_above_tls,
            opened=self._handshakes.forget,
            unreadable=self._handshakes.end,
            lost=self._lost,
            acknowledges=self._timeline.clock.steps,
        )
        if self._tls_context is None:
            return connection
        return _TlsConnection(
            connection,
            self._tls_context,
            made=self._tls_made,
            opened=self._handshakes.forget,
            refused=lambda client, reason: self._handshakes.report(client, "TLS", reason),
            lost=self._tls_lost,
        )

    def _tls_made(self, client: TlsServer) -> None:
        self._tls_clients.add(client)
        if not self._has_room(client):
            client.reset()
        elif self._mute == "all":
            client.silence()
        else:
            self._handshakes.begin(client, _NO_TLS)

    def _silence_tls(self, client: TlsServer) -> None:
        self._handshakes.forget(client)
        client.silence()

    def _begin_tls(self, client: TlsServer) -> None:
        self._handshakes.begin(client, _NO_TLS)
        client.speak()

    def _tls_lost(self, client: TlsServer) -> None:
        self._tls_clients.discard(client)
        self._tcp_clients.discard(client)
        self._handshakes.forget(client)

    def _made(self, connection: Connection) -> None:
        self._add(connection)
        if self._has_room(connection):
            self._handshakes.begin(connection)
        else:
            connection.reset()

    def _made_above_tls(self, connection: Connection) -> None:
        self._add(connection)
        if self._server is None:  # the TLS handshake ended just before the end
            connection.reset()
        else:
            self._handshakes.begin(connection)

    def _add(self, connection: Connection) -> None:
        connection.mute = self._mute
        connection.slow_down(self._bytes_per_s)
        self._connections.add(connection)

    def _has_room(self, client: Connection | TlsServer) -> bool:
        """Count a new TCP connection. Return False if the CSMS must reset it."""
        self._tcp_clients.add(client)
        if self._server is None:  # it was accepted just before the end
            return False
        most = most_connections()
        if len(self._tcp_clients) <= most or self._handshakes.end_oldest(most):
            return True
        files = "" if most == MOST_CONNECTIONS else f" with {most + SPARE_FILES} open files (`ulimit -n`)"
        reason = f"{most} connections are open, and the CSMS accepts no more{files}: close some"
        self._handshakes.report(client, "its connection was reset", reason)
        return False

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._tcp_clients.discard(connection)
        self._handshakes.forget(connection)

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, Connection)
        await self._speaking.wait()
        if connection.transport.is_closing():  # it was refused for the bytes after its request
            return None
        if self.bad_handshake is not None:
            return await malform_handshakes(connection, request, self.bad_handshake)
        if self.refuse_with is not None:
            status = http.HTTPStatus(self.refuse_with)
            response = connection.respond(status, f"CSMS: refused with {self.refuse_with}.\n")
            if self.retry_after_s:
                response.headers["Retry-After"] = str(self.retry_after_s)
            if self.refuse_with < http.HTTPStatus.BAD_REQUEST:  # RFC 9110 section 10.2.2
                here = url_of(self.host, self.port, identity_of(request.path), tls=self.speaks_tls)
                response.headers["Location"] = self.redirect_to or here
            return response
        if not identity_of(request.path):
            status = http.HTTPStatus.NOT_FOUND
            example = url_of(self.host, self.port, "CP-1", tls=self.speaks_tls)
            why = f"the URL's path must end with the charge point's identity, e.g. {example}; {request.path!r} has none"
            self._handshakes.report(connection, f"HTTP {status.value}", why)
            return connection.respond(status, f"CSMS: {why}.\n")
        return self._judge_login(connection, request)

    def _judge_login(self, connection: Connection, request: Request) -> Response | None:
        identity = identity_of(request.path)
        headers = request.headers.get_all("Authorization")
        tls = connection.transport.get_extra_info("ssl_object")
        why = self._security.refusal(identity, headers[0] if headers else "", tls)
        if not why:
            return None
        status = http.HTTPStatus.UNAUTHORIZED
        self._handshakes.report(connection, f"HTTP {status.value}", why, identity)
        response = connection.respond(status, f"CSMS: {why}.\n")
        response.headers["WWW-Authenticate"] = 'Basic realm="CSMS"'  # RFC 9110 section 11.6.1
        return response

    def _process_response(self, connection: ServerConnection, _request: Request, response: Response) -> None:
        """Report a request that the WebSocket library has rejected as an opening handshake."""
        assert isinstance(connection, Connection)
        problem = connection.protocol.handshake_exc
        if problem is not None and not connection.transport.is_closing():
            self._handshakes.report(connection, f"HTTP {response.status_code}", f"no opening handshake: {problem}")

    async def _serve_connection(self, connection: ServerConnection) -> None:
        assert isinstance(connection, Connection)
        assert connection.request is not None
        identity = identity_of(connection.request.path)
        if connection.subprotocol is None:
            # OCPP-J 1.6 section 3.1.2: complete the handshake without a sub-protocol, then close.
            await self._close_without_subprotocol(connection, identity)
            return
        point = self.charge_point(identity)
        point.attach(connection)
        try:
            with contextlib.suppress(ConnectionClosed):
                await connection.serve(
                    lambda raw: point.received_alone(connection, raw), lambda raw: point.received(connection, raw)
                )
        except Exception as error:
            trouble = BenchError(
                f"the CSMS failed to handle a message of {identity}, {type(error).__name__}: {error}",
                "It closed the connection with 1011; the traceback is in the log of the process",
            )
            self._timeline.append(BenchTrouble(source="csms", what=str(trouble)))
            self._timeline.interrupt(trouble)
            await connection.close(CloseCode.INTERNAL_ERROR)  # before `detach`, which records the code
            raise  # websockets logs the exception
        finally:
            point.detach(connection)

    def _select_subprotocol(self, _connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Choose the accepted sub-protocol that the client prefers (its list is in order, RFC 6455 section 4.1)."""
        accepted = [version.subprotocol for version in self.versions]
        return next((protocol for protocol in offered if protocol in accepted), None)

    async def _close_without_subprotocol(self, connection: Connection, identity: str) -> None:
        accepted = ", ".join(version.subprotocol for version in self.versions)
        reason = f"no accepted sub-protocol was offered ({accepted})"
        point = self._points.get(identity)
        if point is None or point.connection is None:
            self._timeline.append(
                LinkChange(source="csms", charge_point=identity, connected=False, code=1002, reason=reason)
            )
        else:  # no LinkChange, because the first connection of the charge point stays open
            what = f"{identity}: a second connection was closed with 1002, {reason}; the first one stays"
            self._timeline.append(Note(source="csms", text=what))
        await connection.close(1002, reason)


def most_connections() -> int:
    """Return the maximum number of open connections of this process."""
    return max(1, min(MOST_CONNECTIONS, most_open_files() - SPARE_FILES))


def url_of(host: str, port: int, identity: str, *, tls: bool = False) -> str:
    """Return the URL of a CSMS for a charge point."""
    return f"{'wss' if tls else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}/{quote(identity, safe='')}"


def identity_of(path: str) -> str:
    """Return the identity: the last segment of the URL's path, percent-decoded (OCPP-J 1.6 section 3.1.1)."""
    return unquote(path.partition("?")[0].rpartition("/")[2])


__all__ = ["MAX_FRAME_BYTES", "CsmsServer", "identity_of", "url_of"]
