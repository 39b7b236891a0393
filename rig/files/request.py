"""A request to the file server, and the reasons for which the server refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

LOGIN_IS_REQUIRED = ("WWW-Authenticate", 'Basic realm="files"')
"""The header of an answer with status 401 (RFC 9110 section 11.6.1)."""

UPLOADS = ("PUT", "POST")
DOWNLOADS = ("GET", "HEAD")

MOST_HEADER_BYTES = 16 << 10
"""The maximum size of a request's head, of each other part of a request but the body, and of a head in a form."""


class Site(NamedTuple):
    """The beginnings of the server's URLs, without a `/` at the end."""

    http: str
    https: str


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request.

    Attributes:
        method: the method, such as `GET`.
        target: the target as the client sent it.
        name: the name of the file; for an upload, possibly the name of a folder, or empty.
        headers: the headers by name in lower case; headers of the same name are joined by commas.
        site: the server's URLs.
    """

    method: str
    target: str
    name: str
    headers: Mapping[str, str]
    site: Site

    @property
    def is_upload(self) -> bool:
        """Whether it sends a file, rather than requests one."""
        return self.method in UPLOADS


class RejectedError(Exception):
    """The server refuses a request.

    Args:
        status: the HTTP status.
        why: a clause, for the client and for the timeline.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, why: str, *headers: tuple[str, str]) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.headers = headers
