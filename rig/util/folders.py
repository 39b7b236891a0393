"""Folders that the rig writes into, and how it says that it cannot."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from rig.util.errors import BenchError


def unwritable(folder: Path, problem: OSError) -> BenchError:
    """The error to raise where something cannot be written into a folder.

    Args:
        folder: which one.
        problem: what the system says.
    """
    return BenchError(
        f"{folder} cannot be written to: {problem.strerror}", "Make it a folder of your own, with room in it"
    )


def make_writable(folder: Path) -> None:
    """Make a folder where it is missing.

    Raises:
        BenchError: it cannot be made, or not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as problem:
        raise unwritable(folder, problem) from None


def require_space(folder: Path, needed: int) -> None:
    """Make sure that a folder's disk has room.

    Args:
        folder: a folder that is there.
        needed: in bytes.

    Raises:
        BenchError: less than that is free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BenchError(
            f"{folder} has {free / 1e6:.1f} MB free, {needed / 1e6:.0f} MB are needed", "Free some space on its disk"
        )
