"""One buffer for all that the connections of a thread read."""

from __future__ import annotations

import asyncio
import threading
from abc import abstractmethod

_SIZE = 1 << 16  # bytes; a longer message takes several reads


class _Buffer(threading.local):
    """A buffer for each thread, and so for each event loop."""

    def __init__(self) -> None:
        self.memory = memoryview(bytearray(_SIZE))


_buffer = _Buffer()


class BufferedReads(asyncio.BufferedProtocol):
    """A base of protocols: the loop reads into a buffer, and `data_received` gets a copy of the bytes.

    Without a buffer, asyncio asks the kernel for 256 KiB of memory before each read, and gives them back after it. That
    takes three system calls and two page faults.
    """

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Return the memory for the next read. It is free again when `buffer_updated` returns."""
        return _buffer.memory

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on the bytes that the loop has read."""
        self.data_received(bytes(_buffer.memory[:nbytes]))

    @abstractmethod
    def data_received(self, data: bytes) -> None:
        """Process received bytes."""
