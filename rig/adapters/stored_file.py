"""The device's file format: a header with a checksum, and the content (firmware/FORMAT.md)."""

from __future__ import annotations

import struct
import zlib

_MAGIC = b"\xfbPB\x1a"
_HEADER = struct.Struct("<4sBBHI")
_VERSION = 1


def content_of(file: bytes) -> bytes | None:
    """Verify a stored file and return its content. A file without a header is all content.

    Args:
        file: all bytes of the file.

    Returns:
        The content; None if the file is damaged or of a later version, so that the device would discard it.
    """
    if not file.startswith(_MAGIC):
        return file
    if len(file) < _HEADER.size:
        return None
    _, version, _, length, crc = _HEADER.unpack_from(file)
    content = file[_HEADER.size :]
    is_sound = version <= _VERSION and length == len(content) and crc == zlib.crc32(file[4:8] + content)
    return content if is_sound else None
