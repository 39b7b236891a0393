"""The file in a form, as browsers and `curl --form` upload it (multipart/form-data, RFC 7578)."""

from __future__ import annotations

from email.message import Message
from email.parser import HeaderParser

from rig.files.request import MOST_HEADER_BYTES, RejectedError

MOST_PARTS = 100
"""The maximum number of parts of a form."""


def file_of(content_type: str, body: bytes) -> tuple[str, str, bytes] | None:
    """Return the first file in a form: its name, its type and its bytes. None: the body is no form.

    Args:
        content_type: the header Content-Type of the request.
        body: the body of the request.

    Raises:
        RejectedError: the form is malformed, has too many parts, or has no file.
    """
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_type() != "multipart/form-data":
        return None
    try:
        return _first_file(header.get_boundary(), body)
    except (ValueError, LookupError, TypeError):
        # The parser of the email package fails at some parameters of RFC 2231, such as `filename*`.
        raise RejectedError(400, "a header of the form has a parameter that cannot be decoded") from None


def _first_file(boundary: str | None, body: bytes) -> tuple[str, str, bytes]:
    if not boundary:
        raise RejectedError(400, "the form has no boundary")
    # A boundary begins a line (RFC 2046 section 5.1.1), so the first one needs a line break before it.
    delimiter = b"\r\n--" + boundary.encode("ascii", "replace")
    pieces = (b"\r\n" + body).split(delimiter, MOST_PARTS + 1)
    if delimiter in pieces[-1]:
        raise RejectedError(400, f"the form has more than {MOST_PARTS} parts")
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise RejectedError(400, "the form is not complete")
    for piece in pieces[1:-1]:
        end = piece.find(b"\r\n\r\n", 0, MOST_HEADER_BYTES)
        if end < 0:
            raise RejectedError(400, f"a part of the form has no head within {MOST_HEADER_BYTES >> 10} KiB")
        part = HeaderParser().parsestr(piece[:end].lstrip().decode("utf-8", "replace"))
        name = part.get_filename()
        if name is not None:
            return name.replace("\\", "/").rpartition("/")[2], part.get("Content-Type", ""), piece[end + 4 :]
    raise RejectedError(400, "the form has no file")
