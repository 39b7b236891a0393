"""The emulated board's flash: a file that QEMU uses and that persists when it is killed."""

from __future__ import annotations

from pathlib import Path

from rig.util.folders import unwritable

FLASH_SIZE = 4 * 1024 * 1024
"""In bytes, as on the boards."""


def make_flash(path: Path) -> Path:
    """Create the file of an erased flash.

    Args:
        path: the path of the file.

    Returns:
        The path.

    Raises:
        BenchError: the disk has too little space.
    """
    try:
        path.write_bytes(b"\xff" * FLASH_SIZE)
    except OSError as problem:
        raise unwritable(path.parent, problem) from None
    return path
