"""The folders that the rig writes to."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from rig.util.errors import BenchError


def unwritable(folder: Path, problem: OSError) -> BenchError:
    """Return the error to raise when a folder cannot be written to.

    Args:
        folder: the folder.
        problem: the operating system's error.
    """
    return BenchError(
        f"{folder} cannot be written to: {problem.strerror}", "Make it a folder of your own, with room in it"
    )


def make_writable(folder: Path) -> None:
    """Create a folder if it is missing, and check that it is writable.

    Raises:
        BenchError: the folder cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as problem:
        raise unwritable(folder, problem) from None


def replace_file(path: Path, content: bytes) -> Path:
    """Write a file atomically: another process reads the old content or the new content.

    Args:
        path: the file; its folder exists.
        content: the new content.

    Returns:
        The path.

    Raises:
        OSError: the file cannot be written; an existing file is unchanged.
    """
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_bytes(content)
    return unfinished.replace(path)


def require_space(folder: Path, needed: int) -> None:
    """Check that a folder's disk has enough free space.

    Args:
        folder: an existing folder.
        needed: the space in bytes.

    Raises:
        BenchError: less space is free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BenchError(
            f"{folder} has {free / 1e6:.1f} MB free, {needed / 1e6:.0f} MB are needed", "Free some space on its disk"
        )
