"""The images of a flash that the commands of `rig storage` and `rig log fetch` read."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from rig.adapters.stored_log import storage_of
from rig.util.errors import BenchError
from rig.util.named_file import read_file

_GZIP = b"\x1f\x8b"
_LARGEST_FLASH = 32 << 20


def read_flash(path: Path) -> bytes:
    """Return the content of a file with a whole flash or a part of it. The file may be compressed by gzip.

    Raises:
        BenchError: the file cannot be read.
    """
    try:
        content = read_file(path, _LARGEST_FLASH)
        if content.startswith(_GZIP):
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(_LARGEST_FLASH + 1)
    except (OSError, EOFError, zlib.error) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else problem
        raise BenchError(f"{path} cannot be read: {reason}", "Name an image of a flash") from None
    if len(content) > _LARGEST_FLASH:
        raise BenchError(f"{path} has more than {_LARGEST_FLASH >> 20} MiB", "Name an image of a flash")
    return content


def read_image(path: Path) -> bytes:
    """Return the storage partition in a file.

    Args:
        path: a whole flash or its storage partition; the file may be compressed by gzip.

    Raises:
        BenchError: the file cannot be read, or has no storage partition.
    """
    return storage_of(read_flash(path))
