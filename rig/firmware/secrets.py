"""The partition `secrets` of this project's firmware on the host, as firmware/FORMAT.md has it: made and read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from rig.util.errors import AuthorError

SECTOR = 4096
MOST_BLOBS = 8
MOST_BYTES = 4000
"""The longest blob."""
NAMES = ("auth_key", "root", "crl", "client_chain", "client_key")
"""The blobs that the firmware knows."""

_HEADER = struct.Struct("<4sIIB15s16sI")
_MAGIC = b"PBS1"


def make_secrets(blobs: Mapping[str, bytes], size: int) -> bytes:
    """Make an image of the partition that holds the blobs and nothing else.

    Args:
        blobs: the blobs by name, one of `NAMES`.
        size: the size of the partition in bytes.

    Raises:
        AuthorError: a name is unknown, or a blob is too long.
    """
    check_blobs(blobs)
    image = bytearray(b"\xff") * size
    for pair, (name, blob) in enumerate(blobs.items()):
        head = _HEADER.pack(_MAGIC, 1, len(blob), 0, bytes(15), name.encode(), 0)[:-4]
        record = head + struct.pack("<I", zlib.crc32(head + blob)) + blob
        at = 2 * pair * SECTOR
        image[at : at + len(record)] = record
    return bytes(image)


def check_blobs(blobs: Mapping[str, bytes]) -> None:
    """Check that the device knows the names of the blobs, and has room for each.

    Raises:
        AuthorError: a name is unknown, or a blob is too long.
    """
    for name, blob in blobs.items():
        if name not in NAMES:
            raise AuthorError(f"the device has no secret {name!r}. It has: {', '.join(NAMES)}")
        if len(blob) > MOST_BYTES:
            raise AuthorError(f"the secret {name} has {len(blob)} bytes; there is room for {MOST_BYTES}")


def read_secrets(image: bytes) -> dict[str, bytes]:
    """Return the blobs of an image by name, as the device reads them."""
    latest: dict[int, tuple[int, bool, str, bytes]] = {}
    for slot in range(2 * MOST_BLOBS):
        sector = image[slot * SECTOR : (slot + 1) * SECTOR]
        if len(sector) < SECTOR:
            break
        magic, generation, length, removed, _, name, crc = _HEADER.unpack_from(sector)
        blob = sector[_HEADER.size : _HEADER.size + length]
        if magic != _MAGIC or length > MOST_BYTES or zlib.crc32(sector[: _HEADER.size - 4] + blob) != crc:
            continue
        if generation > latest.get(slot // 2, (0,))[0]:
            latest[slot // 2] = (generation, bool(removed), name.rstrip(b"\0").decode(), blob)
    return {name: blob for _, removed, name, blob in latest.values() if not removed}
