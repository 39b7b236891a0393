"""The image that the commands of `rig storage` read."""

from __future__ import annotations

import gzip
from pathlib import Path

from rig.adapters.stored_log import storage_of
from rig.util.errors import BenchError

_GZIP = b"\x1f\x8b"


def read_image(path: Path) -> bytes:
    """Return the storage partition in a file.

    Args:
        path: a whole flash or its storage partition, also compressed by gzip.

    Raises:
        BenchError: the file cannot be read, or has no storage partition.
    """
    try:
        content = path.read_bytes()
        return storage_of(gzip.decompress(content) if content.startswith(_GZIP) else content)
    except OSError as problem:
        raise BenchError(f"{path} cannot be read: {problem.strerror or problem}", "Name an image of a flash") from None
