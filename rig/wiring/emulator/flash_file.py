"""The emulated board's flash: a file that QEMU reads and writes, and that stays when its process is killed."""

from __future__ import annotations

from pathlib import Path

from rig.util.folders import unwritable

FLASH_SIZE = 4 * 1024 * 1024
"""Bytes, as on the boards."""


def make_flash(path: Path) -> Path:
    """Make an erased flash.

    Args:
        path: of its file.

    Returns:
        The path.

    Raises:
        BenchError: there is no room for it.
    """
    try:
        path.write_bytes(b"\xff" * FLASH_SIZE)
    except OSError as problem:
        raise unwritable(path.parent, problem) from None
    return path
