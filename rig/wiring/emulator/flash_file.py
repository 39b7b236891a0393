"""The emulated board's flash: a file that QEMU uses. Its content survives when QEMU is killed."""

from __future__ import annotations

from pathlib import Path

from rig.util.folders import unwritable

FLASH_SIZE = 4 * 1024 * 1024
"""In bytes, as on the boards."""


def make_flash(path: Path) -> Path:
    """Create a file with the content of an erased flash.

    Args:
        path: the path of the file.

    Returns:
        The path.

    Raises:
        BenchError: the file cannot be written, for example because the disk is full.
    """
    try:
        path.write_bytes(b"\xff" * FLASH_SIZE)
    except OSError as problem:
        raise unwritable(path.parent, problem) from None
    return path
