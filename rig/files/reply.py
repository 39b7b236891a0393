"""The answer to a request as a value, which faults change before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rig.files.content import Content, InMemory

End = Literal["close", "reset", "stall"]
"""The end of an answer that a fault cuts: the connection is closed, reset, or stays open without another byte."""

NOTHING = InMemory(b"")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        status: the HTTP status.
        headers: the headers, without Content-Length.
        body: the content from which the body is taken.
        part: the bytes of the content that are sent.
        declared: the Content-Length; None: the length of the part.
        bytes_per_s: the rate of the body in bytes for each bench second; 0: as fast as the client reads.
        cut_after: the number of bytes of the body after which the answer ends; None: it is whole; -1: even its head is
            not sent.
        end: the end of a cut answer.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: Content = NOTHING
    part: range = range(0)
    declared: int | None = None
    bytes_per_s: float = 0.0
    cut_after: int | None = None
    end: End = "close"

    @property
    def length(self) -> int:
        """The Content-Length."""
        return len(self.part) if self.declared is None else self.declared


@dataclass(frozen=True, slots=True)
class Intake:
    """The way in which the server takes an upload.

    Attributes:
        bytes_per_s: the rate in bytes for each bench second; 0: as fast as the client sends.
        cut_after: the number of bytes after which it resets the connection; None: it takes all.
    """

    bytes_per_s: float = 0.0
    cut_after: int | None = None


def text_reply(status: int, text: str, *headers: tuple[str, str]) -> Reply:
    """Return an answer whose body is a line of text."""
    body = InMemory(f"{text}\n".encode())
    return Reply(status, (("Content-Type", "text/plain; charset=utf-8"), *headers), body, range(body.size))
