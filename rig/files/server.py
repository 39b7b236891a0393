"""The server: it listens for HTTP and HTTPS, and answers requests for files."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from rig.csms.certificate import Certificate
from rig.csms.handshakes import Handshakes
from rig.csms.tls import TlsServer
from rig.files.connection import Connection
from rig.files.content import Content, InMemory
from rig.files.failure import Failure
from rig.files.folder import UPLOADS_FOLDER, Folder
from rig.files.form import file_of
from rig.files.login import validate_login
from rig.files.name import BadNameError, validated_name
from rig.files.ranges import UnsatisfiableError, names_tag, wanted_range
from rig.files.reply import Intake, Reply, text_reply
from rig.files.request import RejectedError, Request, Site
from rig.files.transfer import Transfer
from rig.files.uploads import Upload, Uploads
from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble
from rig.util import tcp
from rig.util.errors import BenchError
from rig.util.open_files import most_open_files
from rig.util.tcp import Port

MOST_CONNECTIONS = 128
"""The maximum number of open connections; fewer if the process may open few files (`most_connections`).

A further connection ends the oldest connection without a request. If there is none, the further connection is reset.
"""

_NO_TLS = "finished no TLS handshake"

_SHARE_OF_FILES = 16  # a connection and its file use two descriptors: an eighth of the process's


def most_connections() -> int:
    """Return the maximum number of open connections of this process."""
    return min(MOST_CONNECTIONS, max(1, most_open_files() // _SHARE_OF_FILES))


class FileServer:
    """A file server. All methods run on its loop; `rig.files.Files` wraps it for tests.

    Args:
        timeline: gets an event for each request.
        certificate: the certificate for HTTPS.
        host: the address to listen on.
        port: the port of HTTP; 0 takes a free port.
        tls_port: the port of HTTPS; 0 takes a free port.
        named: the host in URLs; empty: `host`.
        folder: a folder whose files are served, and which takes uploads in `uploads`; None: files and uploads are in
            memory.
        logins: the passwords by user; empty: everybody may use the server.

    Attributes:
        files: the files in memory by name. They hide files of the same name in the folder.
        uploads: the files that clients have uploaded.
        logins: the same as the argument.

    Raises:
        BenchError: a port is taken, or there is no such folder.
    """

    def __init__(
        self,
        timeline: Timeline,
        certificate: Certificate,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_port: int = 0,
        *,
        named: str = "",
        folder: Path | None = None,
        logins: Mapping[str, bytes] | None = None,
    ) -> None:
        self.files: dict[str, InMemory] = {}
        self.logins: Mapping[str, bytes] = logins or {}
        self._timeline = timeline
        self._folder = Folder(folder) if folder is not None else None
        self.uploads = Uploads(folder / UPLOADS_FOLDER if folder is not None else None)
        self._port = Port(host, port, "file server")
        try:
            self._tls_port = Port(host, tls_port, "file server (HTTPS)")
        except BaseException:
            self._port.close()
            raise
        named = named or host
        base = f"[{named}]" if ":" in named else named
        self.site = Site(f"http://{base}:{self._port.number}", f"https://{base}:{self._tls_port.number}")
        self._certificate = certificate
        self._tls_context = _context(certificate)
        self._failures: list[Failure] = []
        self._servers: list[asyncio.Server] = []
        self._clients: set[_Streams | TlsServer] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._handshakes = Handshakes(timeline, "files", "sent no request")

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, unless it listens already.

        Raises:
            BenchError: another program listens on a port.
        """
        if self._servers:
            return
        loop = asyncio.get_running_loop()
        for port, factory in ((self._port, self._make_plain), (self._tls_port, self._make_tls)):
            listener = port.listener()
            self._servers.append(await loop.create_server(factory, sock=listener, backlog=tcp.ACCEPTED_AT_ONCE))
            listener.listen(tcp.BACKLOG)  # asyncio has set the queue of the kernel to `ACCEPTED_AT_ONCE`

    async def close(self) -> None:
        """End all connections, and release the ports."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        await self.end_connections()
        self._port.close()
        self._tls_port.close()
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    async def end_connections(self) -> None:
        """Reset all connections. The transfers in progress are on the timeline when this returns."""
        for client in tuple(self._clients):
            self._handshakes.forget(client)
            tcp.reset(client.transport)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def secure(self, certificate: Certificate) -> Certificate:
        """Present a certificate to new connections of HTTPS. Return the previous one.

        Raises:
            BenchError: the certificate cannot be used; the previous one stays.
        """
        self._tls_context = _context(certificate)
        before, self._certificate = self._certificate, certificate
        return before

    async def add_failure(self, failure: Failure) -> None:
        """Begin a failure."""
        self._failures.append(failure)

    async def remove_failure(self, failure: Failure) -> None:
        """End a failure. A second call has no effect."""
        if failure in self._failures:
            self._failures.remove(failure)

    def clear_failures(self) -> None:
        """End all failures."""
        self._failures.clear()

    # -- connections ----------------------------------------------------------------------------------------------

    def _make_plain(self) -> _Streams:
        return _Streams(self._begin, self._made, self._lost)

    def _make_tls(self) -> asyncio.BaseProtocol:
        return TlsServer(
            _Streams(self._begin, self._made_above_tls, self._lost),
            self._tls_context,
            made=self._made_tls,
            opened=self._handshakes.forget,
            refused=lambda client, reason: self._handshakes.report(client, "TLS", reason),
            lost=self._lost,
        )

    def _made(self, client: _Streams) -> None:
        if self._has_room(client):
            self._handshakes.begin(client)

    def _made_tls(self, client: TlsServer) -> None:
        if self._has_room(client):
            self._handshakes.begin(client, _NO_TLS)

    def _made_above_tls(self, client: _Streams) -> None:
        self._handshakes.begin(client)

    def _has_room(self, client: _Streams | TlsServer) -> bool:
        self._clients.add(client)
        if not self._servers:  # it was accepted just before the end
            tcp.reset(client.transport)
            return False
        most = most_connections()
        if len(self._clients) <= most or self._handshakes.end_oldest(most):
            return True
        reason = f"{most} connections are open, and the file server accepts no more: close some"
        self._handshakes.report(client, "its connection was reset", reason)
        tcp.reset(client.transport)
        return False

    def _lost(self, client: _Streams | TlsServer) -> None:
        self._clients.discard(client)
        self._handshakes.forget(client)

    def _begin(self, client: _Streams, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer, lambda: self._handshakes.forget(client))
        task = asyncio.get_running_loop().create_task(connection.serve())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Report a failure of the server itself: a client cannot cause one."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            trouble = BenchError(
                f"the file server failed to answer a request, {type(error).__name__}: {error}",
                "It closed the connection; the traceback is in the log of the process",
            )
            logging.getLogger(__name__).error("file server", exc_info=error)
            self._timeline.append(BenchTrouble(source="files", what=str(trouble)))
            self._timeline.interrupt(trouble)

    # -- requests -------------------------------------------------------------------------------------------------

    def validate_login(self, request: Request) -> None:
        """Check the login of a request.

        Raises:
            RejectedError: the login is missing or wrong.
        """
        validate_login(self.logins, request.headers.get("authorization", ""))

    def failures_for(self, request: Request) -> list[Failure]:
        """Let every active failure count a request, and return those that take it."""
        return [failure for failure in tuple(self._failures) if failure.takes(request)]

    def download(self, request: Request, failures: list[Failure], transfer: Transfer) -> Reply:
        """Return the answer with a file.

        Raises:
            RejectedError: there is no such file, or it does not have the wanted version or part.
        """
        content = self._open(request.name)
        for failure in failures:
            content = failure.effect.content(content, failure.rng, failure.version)
        try:
            return _answer(request, content, transfer)
        except RejectedError:
            content.close()
            raise

    def _open(self, name: str) -> Content:
        found = self.files.get(name) or (self._folder.open(name) if self._folder is not None else None)
        if found is None:
            raise RejectedError(404, f"there is no file {name!r}")
        return found

    async def upload(
        self,
        request: Request,
        failures: list[Failure],
        body: Callable[[float], AsyncIterator[bytes]],
        transfer: Transfer,
    ) -> Reply | None:
        """Take an upload, and return the answer; None: a failure resets the connection.

        Raises:
            RejectedError: the upload is too large or malformed, or there is no room for it.
        """
        intake = Intake()
        for failure in failures:
            intake = failure.effect.intake(intake)
        if "content-range" in request.headers:  # RFC 9110 section 14.5
            raise RejectedError(400, "an upload in parts is not supported")
        declared = request.headers.get("content-length", "0")
        self.uploads.validate_room(int(declared))
        with self.uploads.arriving() as arrival:
            async for piece in body(intake.bytes_per_s):
                arrival.add(piece)
                transfer.received = arrival.size
                if intake.cut_after is not None and arrival.size >= intake.cut_after:
                    return None
            data = arrival.data
        upload = self._keep(request, data)
        transfer.name = upload.name
        return text_reply(201, f"File server: stored as {upload.name}.")

    def _keep(self, request: Request, data: bytes) -> Upload:
        """Keep an upload under the name that its URL or its form gives it."""
        content_type, name = request.headers.get("content-type", ""), request.name
        form = file_of(content_type, data)
        if form is not None:
            given, content_type, data = form
            name = name if name and not name.endswith("/") else f"{name}{given}"
        if not name or name.endswith("/"):
            name = f"{name}upload"
        try:
            return self.uploads.add(validated_name(name), content_type, data)
        except BadNameError as error:
            raise RejectedError(400, f"the form gives the file a bad name: {error}") from None

    def publish(self, transfer: Transfer) -> None:
        """Put a transfer on the timeline, once, if there was a request."""
        if not transfer.is_published and (transfer.method or transfer.status):
            transfer.is_published = True
            self._timeline.append(transfer.event())


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate.load_into(context)
    return context


def _answer(request: Request, content: Content, transfer: Transfer) -> Reply:
    etag, whole = content.etag, range(content.size)
    tag = ("ETag", etag)
    wanted = request.headers.get("if-match")
    if wanted is not None and not names_tag(wanted, etag):
        raise RejectedError(412, "the file has changed", tag)
    known = request.headers.get("if-none-match")
    if known is not None and names_tag(known, etag):
        return Reply(304, (tag,), content)
    transfer.name = request.name
    headers = (("Content-Type", "application/octet-stream"), ("Accept-Ranges", "bytes"), tag)
    try:
        part = wanted_range(request.headers, content.size, etag) if request.method == "GET" else None
    except UnsatisfiableError:
        size = ("Content-Range", f"bytes */{content.size}")
        raise RejectedError(416, f"the file has only {content.size} bytes", size) from None
    if part is None:
        return Reply(200, headers, content, whole)
    shown = f"bytes {part.start}-{part.stop - 1}/{content.size}"
    transfer.part = shown
    return Reply(206, (*headers, ("Content-Range", shown)), content, part)


class _Streams(asyncio.StreamReaderProtocol):
    """The streams of a connection.

    Args:
        begin: called with this object and its streams when they are usable.
        made: called before `begin`, when the TCP connection is established.
        lost: called when the connection is closed.

    Attributes:
        transport: the transport of TCP, or of TLS above it.
    """

    transport: asyncio.Transport

    def __init__(
        self,
        begin: Callable[[_Streams, asyncio.StreamReader, asyncio.StreamWriter], None],
        made: Callable[[_Streams], None],
        lost: Callable[[_Streams], None],
    ) -> None:
        self._reader = asyncio.StreamReader()
        super().__init__(self._reader, lambda reader, writer: begin(self, reader, writer))
        self._made = made
        self._lost = lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Report the connection, then begin to serve it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._made(self)
        super().connection_made(transport)

    def hang_up(self) -> None:
        """End the connection."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Acknowledge received bytes at once, and pass them on."""
        tcp.acknowledge(self.transport)
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end of the connection."""
        self._lost(self)
        super().connection_lost(exc)
