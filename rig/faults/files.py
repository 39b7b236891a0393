"""Faults of the file server: its answers, its files, its certificate, and the uploads to it."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from rig.csms.authority import CertificateKind
from rig.faults.fault import Bench, Fault, one_of
from rig.files import effects
from rig.files.effects import Effect, RedirectTo
from rig.files.failure import RequestKind, Selection
from rig.util.arguments import validate_url_header
from rig.util.checked import Count, Limits, RetryAfter, Seed, Text

_ERRORS = (400, 599)
_LONGEST = 64 << 20
Offset = Annotated[int, Limits(least=0, most=_LONGEST)]
OffsetOrRandom = Annotated[int, Limits(least=-1, most=_LONGEST)]
Rate = Annotated[float, Limits(least=0.01, most=1_000_000_000)]


@dataclass(frozen=True, slots=True)
class FileFault(Fault):
    """A fault of selected requests: the base of the faults `file-*` except `file-certificate`.

    Args:
        path: a pattern of the file's name, such as `*.bin`, in which `*` also matches `/`.
        request: the kind of request: `any`, `download` or `upload`.
        first: the number of the first request to change, among those that match.
        times: the number of requests to change, from the first one on; 0: all.
        chance: the probability in percent that each of these requests changes.
        seed: the seed of everything random. With the same seed, the same requests change in the same way.
    """

    path: Text = "*"
    request: RequestKind = "any"
    first: Count = 1
    times: Annotated[int, Limits(least=0, most=1_000_000)] = 0
    chance: Annotated[int, Limits(least=1, most=100)] = 100
    seed: Seed = 0
    needs: ClassVar[frozenset[str]] = frozenset({"files"})
    on_csms: ClassVar[bool] = True

    @abstractmethod
    def effect(self) -> Effect:
        """Return the change of a request."""

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Change requests."""
        selection = Selection(self.path, self.request, self.first, self.times, self.chance, self.seed)
        restore.enter_context(bench.files.fail(self.effect(), selection, name=self.name))


@dataclass(frozen=True, slots=True)
class FileStatus(FileFault):
    """The file server answers with an error, and rejects uploads.

    Args:
        status: the HTTP status, from 400 to 599, e.g. 401, 403, 404, 413, 503, 507.
        retry_after_s: the seconds in the header Retry-After; 0 for no such header.
    """

    status: Annotated[int, Limits(least=_ERRORS[0], most=_ERRORS[1])] = 503
    retry_after_s: RetryAfter = 0
    name: ClassVar[str] = "file-status"
    summary: ClassVar[str] = "the file server answers with an HTTP error, and takes no upload"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.Status(self.status, self.retry_after_s)


@dataclass(frozen=True, slots=True)
class FileRedirect(FileFault):
    """The file server redirects.

    Args:
        status: 301, 302, 303, 307 or 308.
        to: `itself` (a circle), or the same path over `http` or `https`.
        location: a URL that takes the place of `to`.
    """

    status: int = 302
    to: RedirectTo = "itself"
    location: str = ""
    name: ClassVar[str] = "file-redirect"
    summary: ClassVar[str] = "the file server redirects: in a circle, to HTTP, to HTTPS, or to a URL"

    def validate_limits(self) -> None:
        """Check that the status is a redirection that has a Location."""
        one_of(self, "status", (301, 302, 303, 307, 308))
        validate_url_header(f"{self.name}: location", self.location)

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.Redirect(self.status, self.to, self.location)


@dataclass(frozen=True, slots=True)
class FileWrongLength(FileFault):
    """The header Content-Length of a file is wrong.

    Args:
        by: the bytes by which the length is too large, at most 64 MiB either way; negative: too small.
    """

    by: Annotated[int, Limits(least=-_LONGEST, most=_LONGEST)] = 1
    name: ClassVar[str] = "file-wrong-length"
    summary: ClassVar[str] = "the Content-Length of a file is wrong by that many bytes"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.WrongLength(self.by)


@dataclass(frozen=True, slots=True)
class FileCut(FileFault):
    """The connection ends in the middle of a file.

    Args:
        after: the bytes of the file that are sent.
        end: the end of the connection: `close` (FIN) or `reset` (RST).
    """

    after: Offset = 1024
    end: Literal["close", "reset"] = "close"
    name: ClassVar[str] = "file-cut"
    summary: ClassVar[str] = "the connection ends after that many bytes of a file"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.Cut(self.after, self.end)


@dataclass(frozen=True, slots=True)
class FileStall(FileFault):
    """The transfer of a file stops, and the connection stays open.

    Args:
        after: the bytes of the file that are sent.
    """

    after: Offset = 1024
    name: ClassVar[str] = "file-stall"
    summary: ClassVar[str] = "a file stops after that many bytes, and the connection stays open"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.Stall(self.after)


@dataclass(frozen=True, slots=True)
class FileSilent(FileFault):
    """The file server reads requests and answers nothing."""

    name: ClassVar[str] = "file-silent"
    summary: ClassVar[str] = "the file server does not answer, and the connection stays open"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.Silent()


@dataclass(frozen=True, slots=True)
class FileTrickle(FileFault):
    """A file arrives slowly.

    Args:
        bytes_per_s: the rate in bytes for each bench second.
    """

    bytes_per_s: Rate = 20.0
    name: ClassVar[str] = "file-trickle"
    summary: ClassVar[str] = "a file arrives at that many bytes each second"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.Trickle(self.bytes_per_s)


@dataclass(frozen=True, slots=True)
class FileFlippedByte(FileFault):
    """All bits of one byte of a file are inverted.

    Args:
        offset: the place of the byte; -1: a random one.
    """

    offset: OffsetOrRandom = -1
    name: ClassVar[str] = "file-flipped-byte"
    summary: ClassVar[str] = "all bits of one byte of a file are inverted"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.FlippedByte(self.offset)


@dataclass(frozen=True, slots=True)
class FileTruncated(FileFault):
    """The beginning of a file takes the place of the file.

    Args:
        keep: the number of bytes; -1: a random number.
    """

    keep: OffsetOrRandom = -1
    name: ClassVar[str] = "file-truncated"
    summary: ClassVar[str] = "a file is only its beginning, with a matching Content-Length"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.Truncated(self.keep)


@dataclass(frozen=True, slots=True)
class FileChanged(FileFault):
    """A file has changed. With `first=2`, the file changes between the first request and the second."""

    name: ClassVar[str] = "file-changed"
    summary: ClassVar[str] = "a file has the same length, but other bytes and another ETag"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.Changed()


@dataclass(frozen=True, slots=True)
class FileUploadSlow(FileFault):
    """The file server reads uploads slowly.

    Args:
        bytes_per_s: the rate in bytes for each bench second.
    """

    bytes_per_s: Rate = 1000.0
    name: ClassVar[str] = "file-upload-slow"
    summary: ClassVar[str] = "the file server reads an upload at that many bytes each second"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.SlowUpload(self.bytes_per_s)


@dataclass(frozen=True, slots=True)
class FileUploadCut(FileFault):
    """The file server resets the connection in the middle of an upload.

    Args:
        after: the bytes of the upload that the server reads.
    """

    after: Offset = 1024
    name: ClassVar[str] = "file-upload-cut"
    summary: ClassVar[str] = "the file server resets the connection after that many bytes of an upload"

    def effect(self) -> Effect:
        """Return the change of a request."""
        return effects.CutUpload(self.after)


@dataclass(frozen=True, slots=True)
class FileCertificate(Fault):
    """The file server presents a bad certificate to new connections of HTTPS.

    Args:
        kind: the kind of certificate: `good`, `expired`, `not-yet-valid`, `wrong-name`, `unknown-root` or `revoked`.
    """

    kind: CertificateKind = "expired"
    name: ClassVar[str] = "file-certificate"
    summary: ClassVar[str] = "the file server presents a bad certificate"
    needs: ClassVar[frozenset[str]] = frozenset({"files"})
    on_csms: ClassVar[bool] = True

    def apply(self, bench: Bench, restore: ExitStack) -> None:
        """Present the certificate, then the previous one."""
        restore.enter_context(bench.files.certificate(self.kind))


FAULTS: tuple[type[Fault], ...] = (
    FileStatus,
    FileRedirect,
    FileWrongLength,
    FileCut,
    FileStall,
    FileSilent,
    FileTrickle,
    FileFlippedByte,
    FileTruncated,
    FileChanged,
    FileUploadSlow,
    FileUploadCut,
    FileCertificate,
)
"""In the order of the catalogue."""
