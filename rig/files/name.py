"""The name of a file: the path of a URL, decoded, without anything that could leave a folder."""

from __future__ import annotations

from urllib.parse import quote, unquote_to_bytes

from rig.util.text import visible

_LONGEST = 1024
"""In bytes, of a whole name. A part has at most 255, as in every usual file system."""
_LONGEST_PART = 255


class BadNameError(ValueError):
    """A path that is no name of a file. The message is a clause about it."""


def name_of(target: str) -> str:
    """Return the name of the requested file. The name of a folder ends with `/`.

    Args:
        target: the request's target in origin-form or absolute-form (RFC 9112 section 3.2).

    Raises:
        BadNameError: the target has another form, or its path is not a name.
    """
    if not target.startswith("/"):
        scheme, colon, rest = target.partition("://")
        if not colon or scheme.lower() not in ("http", "https"):
            raise BadNameError(f"the target {visible(target[:80])!r} is no path and no URL of HTTP")
        target = f"/{rest.partition('/')[2]}"
    path = target.partition("?")[0].partition("#")[0]
    try:
        return validated_name(unquote_to_bytes(path[1:]).decode())
    except UnicodeDecodeError:
        raise BadNameError("the path is not UTF-8") from None


def validated_name(name: str) -> str:
    """Check a name, and return it.

    Args:
        name: parts with `/` between them; the last one may be empty.

    Raises:
        BadNameError: a part is empty, `.` or `..`, has a control character, a backslash or no valid Unicode, or is too
            long.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise BadNameError("the path has half of a surrogate pair, which is no character") from None
    if size > _LONGEST:
        raise BadNameError(f"the path has more than {_LONGEST} bytes")
    *folders, last = name.split("/")
    for part in (*folders, *([last] if last else [])):
        if part in ("", ".", "..") or "\\" in part:
            raise BadNameError(f"the path has a part {visible(part)!r}, which names no file")
        if visible(part) != part:
            raise BadNameError("the path has a control character")
        if len(part.encode()) > _LONGEST_PART:
            raise BadNameError(f"a part of the path has more than {_LONGEST_PART} bytes")
    return name


def path_of(name: str) -> str:
    """Return the path of a URL for a name, with its first `/`."""
    return f"/{quote(name)}"
