"""The file in a form, as browsers and `curl --form` upload it (multipart/form-data, RFC 7578)."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesHeaderParser

from rig.files.request import RejectedError


def file_of(content_type: str, body: bytes) -> tuple[str, str, bytes] | None:
    """Return the first file in a form: its name, its type and its bytes. None: the body is no form.

    Args:
        content_type: the header Content-Type of the request.
        body: the body of the request.

    Raises:
        RejectedError: the form is malformed, or has no file.
    """
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_type() != "multipart/form-data":
        return None
    boundary = header.get_boundary()
    if not boundary:
        raise RejectedError(400, "the form has no boundary")
    # A boundary begins a line (RFC 2046 section 5.1.1), so the first one needs a line break before it.
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii", "replace"))
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise RejectedError(400, "the form is not complete")
    for piece in pieces[1:-1]:
        head, _, data = piece.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        part = BytesHeaderParser().parsebytes(head + b"\r\n\r\n")
        name = part.get_filename()
        if name is not None:
            return name.replace("\\", "/").rpartition("/")[2], part.get("Content-Type", ""), data
    raise RejectedError(400, "the form has no file")
