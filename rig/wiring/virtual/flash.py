"""The virtual board's flash: a 4 MB NOR chip in a file that board and device both map."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from rig.util.folders import unwritable

FLASH_SIZE = 4 * 1024 * 1024
SECTOR_SIZE = 4096


class Flash:
    """NOR semantics over a mapped file: programming clears bits, erasing a sector sets them.

    Args:
        path: the file; created and erased if it is missing.

    Raises:
        ValueError: the size of the file is not 4 MB.
        BenchError: the disk has too little space.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size not in (0, FLASH_SIZE):
                raise ValueError(
                    f"{path} has {size} bytes, a flash file has {FLASH_SIZE}. Remove it to erase the flash"
                )
            _allocate(descriptor, path)
            self._map = mmap.mmap(descriptor, FLASH_SIZE)
        finally:
            os.close(descriptor)
        if size == 0:
            self.erase_all()

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer at the end of the flash."""
        return self._map[offset : offset + length]

    def program(self, offset: int, data: bytes) -> None:
        """Clear the bits that are 0 in `data`; only an erase sets bits. Bytes beyond the end are dropped."""
        data = data[: max(0, FLASH_SIZE - offset)]
        end = offset + len(data)
        old = int.from_bytes(self._map[offset:end], "little")
        self._map[offset:end] = (old & int.from_bytes(data, "little")).to_bytes(len(data), "little")

    def erase(self, offset: int, size: int) -> None:
        """Erase every sector that overlaps `size` bytes from `offset`."""
        start = offset // SECTOR_SIZE * SECTOR_SIZE
        end = min(-(-(offset + size) // SECTOR_SIZE) * SECTOR_SIZE, FLASH_SIZE)
        if end > start:
            self._map[start:end] = b"\xff" * (end - start)

    def replace(self, offset: int, data: bytes) -> None:
        """Erase the sectors that `data` overlaps from `offset`, and program `data`. Their other content is lost."""
        self.erase(offset, len(data))
        self.program(offset, data)

    def erase_all(self) -> None:
        """Erase the whole chip."""
        self.erase(0, FLASH_SIZE)

    def close(self) -> None:
        """Unmap it; the file stays."""
        self._map.close()


def _allocate(descriptor: int, path: Path) -> None:
    """Allocate all blocks of the file: on a full disk, a write to the map would raise SIGBUS."""
    try:
        os.posix_fallocate(descriptor, 0, FLASH_SIZE)
    except OSError as problem:
        raise unwritable(path.parent, problem) from None
