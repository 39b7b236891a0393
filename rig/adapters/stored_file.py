"""The device's file format: a header with a checksum, and the content (firmware/FORMAT.md)."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

VERSION = 1
"""The version that this firmware writes."""

_MAGIC = b"\xfbPB\x1a"
_HEADER = struct.Struct("<4sBBHI")


class StoredFile(NamedTuple):
    """A file as the device reads it.

    Attributes:
        version: the version of the format; None without a header, as in files of early builds of firmware 0.1.0.
        state: `sound`, `damaged`, or `newer` if a later firmware has written it.
        content: the content without the header; empty unless the file is sound.
    """

    version: int | None
    state: str
    content: bytes


def read_stored_file(file: bytes) -> StoredFile:
    """Verify a stored file. A file without a header is all content, unless only the magic of its header is damaged.

    Args:
        file: all bytes of the file.
    """
    has_magic = file.startswith(_MAGIC)
    if len(file) < _HEADER.size:
        return StoredFile(None, "damaged", b"") if has_magic else StoredFile(None, "sound", file)
    _, version, _, length, crc = _HEADER.unpack_from(file)
    content = file[_HEADER.size :]
    is_sound = length == len(content) and crc == zlib.crc32(file[4:8] + content)
    if not has_magic:
        is_damaged = is_sound and version <= VERSION
        return StoredFile(None, "damaged", b"") if is_damaged else StoredFile(None, "sound", file)
    if version > VERSION:
        return StoredFile(version, "newer", b"")
    return StoredFile(version, "sound", content) if is_sound else StoredFile(version, "damaged", b"")


def content_of(file: bytes) -> bytes | None:
    """Verify a stored file and return its content.

    Args:
        file: all bytes of the file.

    Returns:
        The content; None if the file is damaged or of a later version, so that the device would discard it.
    """
    stored = read_stored_file(file)
    return stored.content if stored.state == "sound" else None


def with_header(content: bytes) -> bytes:
    """Return a file of this firmware's version.

    Args:
        content: the content, at most 65,535 bytes.
    """
    begin = struct.pack("<BBH", VERSION, 0, len(content))
    return _MAGIC + begin + struct.pack("<I", zlib.crc32(begin + content)) + content
