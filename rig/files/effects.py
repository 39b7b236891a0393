"""The effects of faults on files, on answers and on uploads."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from rig.files.content import AnotherVersion, Beginning, Content, WithFlippedByte
from rig.files.name import path_of
from rig.files.reply import End, Intake, Reply, text_reply
from rig.files.request import LOGIN_IS_REQUIRED, Request

RedirectTo = Literal["itself", "http", "https"]
"""The target of a redirection without a `location`: the same URL (a circle), or the same path over HTTP or HTTPS."""


class Effect:
    """An effect on a request. This base class changes nothing.

    Attributes:
        downloads: whether it can change requests for files.
        uploads: whether it can change uploads.
    """

    downloads: ClassVar[bool] = True
    uploads: ClassVar[bool] = False

    def content(
        self,
        content: Content,
        rng: random.Random,  # noqa: ARG002 - for the derived ones
        version: int,  # noqa: ARG002
    ) -> Content:
        """Return the content that takes the place of a file.

        Args:
            content: the file.
            rng: the source of everything random that is drawn for each request.
            version: `Failure.version`.
        """
        return content

    def refusal(self, request: Request) -> Reply | None:  # noqa: ARG002
        """Return the answer in place of a file, or of the acceptance of an upload; None: the normal answer."""
        return None

    def reply(self, reply: Reply) -> Reply:
        """Return the answer that takes the place of the given one."""
        return reply

    def intake(self, intake: Intake) -> Intake:
        """Return the way in which an upload is taken."""
        return intake


# -- the answer -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Status(Effect):
    """The answer has another status and no file. An upload is refused before its body is read.

    Attributes:
        status: the HTTP status, from 400 to 599.
        retry_after_s: the seconds in the header Retry-After (RFC 9110 section 10.2.3); 0 for no such header.
    """

    status: int = 503
    retry_after_s: int = 0
    uploads: ClassVar[bool] = True

    def refusal(self, request: Request) -> Reply:  # noqa: ARG002
        """Return the answer."""
        headers = [("Retry-After", str(self.retry_after_s))] if self.retry_after_s else []
        if self.status == 401:
            headers.append(LOGIN_IS_REQUIRED)
        return text_reply(self.status, f"File server: refused with {self.status}.", *headers)


@dataclass(frozen=True, slots=True)
class Redirect(Effect):
    """The answer is a redirection.

    Attributes:
        status: 301, 302, 303, 307 or 308.
        to: the target.
        location: the URL of the target; if it is empty, `to` applies.
    """

    status: int = 302
    to: RedirectTo = "itself"
    location: str = ""
    uploads: ClassVar[bool] = True

    def refusal(self, request: Request) -> Reply:
        """Return the answer."""
        base = {"itself": "", "http": request.site.http, "https": request.site.https}[self.to]
        location = self.location or f"{base}{path_of(request.name)}"
        return text_reply(self.status, "File server: the file is elsewhere.", ("Location", location))


@dataclass(frozen=True, slots=True)
class WrongLength(Effect):
    """The header Content-Length is wrong.

    Attributes:
        by: the bytes by which the length is too large. With a negative number the length is too small: the body has
            more bytes.
    """

    by: int = 1

    def reply(self, reply: Reply) -> Reply:
        """Change the length."""
        return replace(reply, declared=max(0, reply.length + self.by), cut_after=len(reply.part))


@dataclass(frozen=True, slots=True)
class Cut(Effect):
    """The connection ends in the middle of the body.

    Attributes:
        after: the bytes of the body that are sent before the end.
        end: `close` or `reset`. After a reset, a client may lose bytes that it has not read yet.
    """

    after: int = 1024
    end: Literal["close", "reset"] = "close"

    def reply(self, reply: Reply) -> Reply:
        """Cut the answer."""
        return _cut(reply, self.after, self.end)


@dataclass(frozen=True, slots=True)
class Stall(Effect):
    """The body stops, and the connection stays open until the client closes it.

    Attributes:
        after: the bytes of the body that are sent before the stop.
    """

    after: int = 1024

    def reply(self, reply: Reply) -> Reply:
        """Cut the answer."""
        return _cut(reply, self.after, "stall")


@dataclass(frozen=True, slots=True)
class Silent(Effect):
    """There is no answer, and the connection stays open until the client closes it."""

    uploads: ClassVar[bool] = True

    def reply(self, reply: Reply) -> Reply:
        """Leave out the answer."""
        return replace(reply, cut_after=-1, end="stall")


@dataclass(frozen=True, slots=True)
class Trickle(Effect):
    """The body arrives slowly.

    Attributes:
        bytes_per_s: bytes for each bench second.
    """

    bytes_per_s: float = 20.0

    def reply(self, reply: Reply) -> Reply:
        """Slow the answer down."""
        return replace(reply, bytes_per_s=self.bytes_per_s)


def _cut(reply: Reply, after: int, end: End) -> Reply:
    """Cut an answer, unless its body is shorter."""
    return replace(reply, cut_after=after, end=end) if after < len(reply.part) else reply


# -- the file ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FlippedByte(Effect):
    """All bits of one byte of the file are inverted.

    Attributes:
        offset: the offset of the byte; -1 for a random one.
    """

    offset: int = -1

    def content(self, content: Content, rng: random.Random, version: int) -> Content:  # noqa: ARG002
        """Invert the byte."""
        chosen = rng.randrange(max(1, content.size)) if self.offset < 0 else self.offset
        return WithFlippedByte(content, chosen)


@dataclass(frozen=True, slots=True)
class Truncated(Effect):
    """The file is replaced by its beginning, with a matching Content-Length.

    Attributes:
        keep: the number of bytes; -1: a random number.
    """

    keep: int = -1

    def content(self, content: Content, rng: random.Random, version: int) -> Content:  # noqa: ARG002
        """Shorten the file."""
        return Beginning(content, rng.randrange(max(1, content.size)) if self.keep < 0 else self.keep)


@dataclass(frozen=True, slots=True)
class Changed(Effect):
    """The file has changed: its bytes and its ETag are different, its size is the same."""

    def content(self, content: Content, rng: random.Random, version: int) -> Content:  # noqa: ARG002
        """Replace the file."""
        return AnotherVersion(content, version)


# -- uploads ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SlowUpload(Effect):
    """The server reads the body slowly.

    Attributes:
        bytes_per_s: bytes for each bench second.
    """

    bytes_per_s: float = 1000.0
    downloads: ClassVar[bool] = False
    uploads: ClassVar[bool] = True

    def intake(self, intake: Intake) -> Intake:
        """Slow the intake down."""
        return replace(intake, bytes_per_s=self.bytes_per_s)


@dataclass(frozen=True, slots=True)
class CutUpload(Effect):
    """The server resets the connection in the middle of the body.

    Attributes:
        after: the bytes of the body that the server reads before the reset.
    """

    after: int = 1024
    downloads: ClassVar[bool] = False
    uploads: ClassVar[bool] = True

    def intake(self, intake: Intake) -> Intake:
        """Cut the intake."""
        return replace(intake, cut_after=self.after)
