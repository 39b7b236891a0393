"""The chip's retained memory: it survives warm resets, and has arbitrary content after a loss of power."""

from __future__ import annotations

import os
import random


class RetainedMemory:
    """A memory file that the device maps, with its descriptor.

    Args:
        size: the size in bytes; the chip has 8,192 bytes of RTC memory.
    """

    def __init__(self, size: int = 8192) -> None:
        self._size = size
        self._losses = 0
        self.fd = os.memfd_create("plugbench-retained", os.MFD_CLOEXEC)
        """The memory file's descriptor."""
        self.lose_power()

    def lose_power(self) -> None:
        """Replace the content with arbitrary bytes. In each run, the n-th loss gives the same bytes."""
        self._losses += 1
        os.pwrite(self.fd, random.Random(self._losses).randbytes(self._size), 0)

    def close(self) -> None:
        """Close the memory file."""
        os.close(self.fd)
