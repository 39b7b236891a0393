"""A file as the device stores it: a header, and the content that it vouches for (firmware/FORMAT.md)."""

from __future__ import annotations

import struct
import zlib

_MAGIC = b"\xfbPB\x1a"
_HEADER = struct.Struct("<4sBBHI")
_VERSION = 1


def content_of(file: bytes) -> bytes | None:
    """Check a stored file and take its header off. A file without a header is its own content.

    Args:
        file: all bytes of it.

    Returns:
        The content; None when the file is damaged, or of a format to come: for the device it is lost.
    """
    if not file.startswith(_MAGIC):
        return file
    if len(file) < _HEADER.size:
        return None
    _, version, _, length, crc = _HEADER.unpack_from(file)
    content = file[_HEADER.size :]
    is_sound = version <= _VERSION and length == len(content) and crc == zlib.crc32(file[4:8] + content)
    return content if is_sound else None
