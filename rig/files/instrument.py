"""The file server as tests use it: blocking calls from any thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from rig.csms import Authority, Certificate
from rig.csms.authority import CertificateKind
from rig.files.content import InMemory
from rig.files.effects import Effect
from rig.files.failure import Failure, Selection
from rig.files.login import generated_login
from rig.files.name import BadNameError, path_of, validated_name
from rig.files.server import FileServer
from rig.files.uploads import Upload
from rig.timeline import Mark, Timeline
from rig.timeline.events import ClientRefused, FileTransfer
from rig.util.checked import Seconds, checked
from rig.util.errors import AuthorError, BenchError
from rig.util.loop import run_on

T = TypeVar("T")

MOST_FILES = 1000
"""The maximum number of files in memory."""
MOST_FILE_BYTES = 64 << 20
"""The maximum size of a file in memory."""


class Files:
    """A file server on the bench's loop, for images and uploads. It behaves normally until a test changes that.

    All methods may be called from any thread except the loop's. Timeouts are in bench seconds.

    Args:
        timeline: the bench's timeline. It gets every request as `FileTransfer`.
        loop: the bench's event loop, running in its own thread.
        host: the address to listen on.
        port, tls_port: the ports of HTTP and of HTTPS; 0 takes a free port.
        named: the host in URLs; empty: `host`.
        folder: a folder whose files are served, and which takes uploads in `uploads`; None: files and uploads are in
            memory.
        logins: the passwords by user; empty: everybody may use the server.

    Attributes:
        authority: issues the certificates of HTTPS.

    Raises:
        BenchError: a port is taken, or there is no such folder.
    """

    def __init__(
        self,
        timeline: Timeline,
        loop: asyncio.AbstractEventLoop,
        host: str = "127.0.0.1",
        *,
        port: int = 0,
        tls_port: int = 0,
        named: str = "",
        folder: Path | None = None,
        logins: Mapping[str, bytes] | None = None,
    ) -> None:
        self.timeline = timeline
        self._loop = loop
        self.authority = Authority(timeline.clock.utc(), "Plugbench file server root")
        self._names = tuple(dict.fromkeys((named or host, "localhost", "127.0.0.1")))
        self._normal = self.authority.server(*self._names)
        self._server = FileServer(
            timeline, self._normal, host, port, tls_port, named=named, folder=folder, logins=logins
        )
        self._logins = self._server.logins
        self._shown_login = _shown(self._logins)

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen, unless it listens already.

        Raises:
            BenchError: another program listens on a port.
        """
        self._on_loop(self._server.start(), "start")

    def shut_down(self) -> None:
        """Stop permanently and release the ports."""
        self._on_loop(self._server.close(), "shut down")

    def reset(self) -> None:
        """Restore normal behaviour. Remove files in memory, uploads and connections; files in a folder stay."""

        async def back_to_normal() -> None:
            server = self._server
            server.clear_failures()
            await server.end_connections()
            server.files.clear()
            server.uploads.clear()
            server.logins, self._shown_login = self._logins, _shown(self._logins)
            server.secure(self._normal)

        self._on_loop(back_to_normal(), "reset")

    # -- files ----------------------------------------------------------------------------------------------------

    def put(self, name: str, data: bytes | str) -> str:
        """Serve a file from memory. It replaces a file of the same name; other bytes give another ETag.

        Args:
            name: the file's path in the URL, such as `firmware.bin` or `v2/firmware.bin`.
            data: the bytes, or a text.

        Returns:
            Its URL with HTTP.

        Raises:
            AuthorError: the name is not valid, the file is too large, or there are too many.
        """
        key = _valid(name)
        content = data.encode() if isinstance(data, str) else bytes(data)
        if len(content) > MOST_FILE_BYTES:
            raise AuthorError(f"files.put: a file has at most {MOST_FILE_BYTES >> 20} MiB, not {len(content)} bytes")
        if key not in self._server.files and len(self._server.files) >= MOST_FILES:
            raise AuthorError(f"files.put: there are {MOST_FILES} files, the most: `files.remove` some")

        async def put() -> None:
            self._server.files[key] = InMemory(content)

        self._on_loop(put(), f"put {key}")
        return self.url(key)

    def remove(self, name: str) -> None:
        """Stop serving a file from memory.

        Raises:
            AuthorError: there is none of that name.
        """
        key = _valid(name)
        if key not in self._server.files:
            raise AuthorError(f"files.remove: there is no file {key!r}: {', '.join(self._server.files) or 'none'}")

        async def remove() -> None:
            del self._server.files[key]

        self._on_loop(remove(), f"remove {key}")

    @property
    def names(self) -> list[str]:
        """The names of the files in memory."""
        return sorted(self._server.files)

    def url(self, name: str = "", *, tls: bool = False) -> str:
        """Return the URL of a file or an upload. If a login is required, the URL contains the first login.

        Args:
            name: the path in it; empty: the beginning of all URLs.
            tls: whether the URL is of HTTPS.
        """
        scheme, _, rest = (self._server.site.https if tls else self._server.site.http).partition("//")
        return f"{scheme}//{self._shown_login}{rest}{path_of(name.removeprefix('/')) if name else ''}"

    @property
    def root(self) -> str:
        """The root of the certificates of HTTPS, as PEM. A client must trust this root."""
        return self.authority.root

    # -- observations ---------------------------------------------------------------------------------------------

    @property
    def uploads(self) -> list[Upload]:
        """The uploads, oldest first."""
        return self._server.uploads.kept

    @checked
    def expect_upload(self, pattern: str = "*", *, timeout: Seconds = 10.0, since: Mark | None = None) -> Upload:
        """Wait for the next complete upload. An upload since the mark counts too.

        Args:
            pattern: a pattern of the upload's name, such as `*.log`.
            timeout: bench seconds.
            since: ignore events before this mark; None: the test's start.

        Raises:
            ExpectationError: no upload came in time. The message shows the last requests.
        """
        found = self._expect(
            f"an upload {pattern!r}",
            lambda transfer: transfer.method in ("PUT", "POST") and fnmatchcase(transfer.name, pattern),
            timeout,
            since,
        )
        for upload in reversed(self.uploads):
            if upload.name == found.name:
                return upload
        raise BenchError(f"the upload {found.name!r} is no longer there", "Ask for it before `files.reset`")

    @checked
    def expect_request(
        self,
        pattern: str = "*",
        *,
        method: str = "",
        where: Callable[[FileTransfer], bool] | None = None,
        timeout: Seconds = 10.0,
        since: Mark | None = None,
    ) -> FileTransfer:
        """Wait until the server has answered a request. An answer since the mark counts too.

        Args:
            pattern: a pattern of the decoded path, without its first `/`, such as `firmware.bin`.
            method: the method, such as `GET`; empty: any.
            where: a predicate that the event must fulfil too.
            timeout: bench seconds.
            since: ignore events before this mark; None: the test's start.

        Raises:
            ExpectationError: no such request came in time. The message shows the last requests.
        """
        return self._expect(
            f"a request {method} {pattern!r}".replace("  ", " "),
            lambda transfer: (
                method in ("", transfer.method)
                and fnmatchcase(transfer.wanted, pattern.removeprefix("/"))
                and (where is None or where(transfer))
            ),
            timeout,
            since,
        )

    @checked
    def expect_refused(self, reason: str = "", *, timeout: Seconds = 10.0, since: Mark | None = None) -> ClientRefused:
        """Wait for the next client that fails before its request, e.g. because it rejects the certificate.

        Args:
            reason: a part of the reason.
            timeout: bench seconds.
            since: ignore events before this mark; None: the test's start.

        Raises:
            ExpectationError: no client was refused in time.
        """
        return self.timeline.expect(
            ClientRefused,
            lambda refused: refused.source == "files" and reason in refused.reason,
            since=since,
            timeout=timeout,
            what=f"a client of the file server is refused{f' because {reason!r}' if reason else ''}",
        )

    def _expect(
        self, what: str, where: Callable[[FileTransfer], bool], timeout: float, since: Mark | None
    ) -> FileTransfer:
        return self.timeline.expect(
            FileTransfer, where, since=since, timeout=timeout, what=f"{what} at the file server"
        )

    # -- misbehaviour ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def fail(
        self, effect: Effect, selection: Selection | None = None, *, name: str = "file failure"
    ) -> Iterator[Failure]:
        """Change answers or uploads within the block. A test with a bench injects a fault `file-*` instead.

        Args:
            effect: the change (`rig.files`).
            selection: the requests; None: every one.
            name: the failure's name on the timeline.

        Yields:
            The failure, which counts the matching and the changed requests.
        """
        failure = Failure(name, effect, selection or Selection())
        self._on_loop(self._server.add_failure(failure), f"begin {name}")
        try:
            yield failure
        finally:
            self._on_loop(self._server.remove_failure(failure), f"end {name}")

    @contextlib.contextmanager
    def login(self) -> Iterator[None]:
        """Require Basic authentication within the block. `url` then contains the generated password."""
        before, shown = self._server.logins, self._shown_login
        self._server.logins, self._shown_login = self._generated_login, _shown(self._generated_login)
        try:
            yield
        finally:
            self._server.logins, self._shown_login = before, shown

    @cached_property
    def _generated_login(self) -> dict[str, bytes]:
        """Return the same login at each call, because only a limited number of secrets is masked in output."""
        return generated_login()

    @contextlib.contextmanager
    def certificate(self, kind: CertificateKind) -> Iterator[None]:
        """Present a certificate of this kind to each new HTTPS connection within the block.

        Args:
            kind: the kind of certificate as for `Authority.server`, such as `expired`.
        """

        async def secure(certificate: Certificate) -> Certificate:
            return self._server.secure(certificate)

        wanted = self.authority.server(*self._names, kind=kind)
        before = self._on_loop(secure(wanted), f"present a certificate: {kind}")
        try:
            yield
        finally:
            self._on_loop(secure(before), "restore the certificate")

    def _on_loop(self, work: Coroutine[Any, Any, T], what: str) -> T:
        result = run_on(self._loop, work, f"file server: {what}")
        self.timeline.clock.settle()
        return result


def _shown(logins: Mapping[str, bytes]) -> str:
    """Return the first login as it is written into a URL (RFC 3986 section 3.2.1); empty if there is none."""
    for user, password in logins.items():
        return f"{quote(user, safe='')}:{quote(password, safe='')}@"
    return ""


def _valid(name: str) -> str:
    try:
        key = validated_name(name.removeprefix("/"))
    except BadNameError as error:
        raise AuthorError(f"files: {name!r} is no name of a file: {error}") from None
    if not key or key.endswith("/"):
        raise AuthorError(f"files: {name!r} is the name of a folder, not of a file")
    return key
