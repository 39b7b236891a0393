"""Requests for a part of a file, and conditional requests (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class UnsatisfiableError(Exception):
    """The range begins after the end of the file."""


def wanted_range(headers: Mapping[str, str], size: int, etag: str) -> range | None:
    """Return the part of a file that a GET asks for; None: the whole file.

    Several ranges, other units and malformed headers ask for the whole file, as RFC 9110 section 14.2 allows. An
    If-Range with another tag asks for the whole file too: the file has changed since the client read its beginning.

    Args:
        headers: the headers of the request, with names in lower case.
        size: the size of the file in bytes.
        etag: the entity tag of the file.

    Raises:
        UnsatisfiableError: the answer is 416.
    """
    found = _ONE_RANGE.fullmatch(headers.get("range", "").strip())
    if found is None or headers.get("if-range", etag).strip() != etag:
        return None
    first, last = found.groups()
    if not first and not last:
        return None
    if not first:  # a suffix range: the last bytes
        if int(last) == 0 or size == 0:
            raise UnsatisfiableError
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableError
    return range(int(first), min(int(last) + 1, size) if last else size)


def names_tag(header: str, etag: str) -> bool:
    """Return whether a header If-Match or If-None-Match names a tag."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags
