"""Reads the files that a user names, within limits."""

from __future__ import annotations

import errno
import stat
from pathlib import Path


def read_file(path: Path, most: int, *, pipe: bool = False) -> bytes:
    """Return the content of a regular file: a device has no end, and a pipe may have no writer.

    Args:
        path: the file.
        most: the limit of its size, in bytes.
        pipe: whether a pipe is allowed too, such as that of the shell's `<(command)`, for a secret.

    Raises:
        OSError: the file cannot be read, is of another kind, or is too large.
    """
    kind = path.stat().st_mode
    if not (stat.S_ISREG(kind) or (pipe and stat.S_ISFIFO(kind))):
        raise OSError(errno.EINVAL, "not a file", str(path))
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most:,} bytes", str(path))
    return content
