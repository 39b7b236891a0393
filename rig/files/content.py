"""The content of a served file: bytes in memory, or an open file; with or without a fault in it."""

from __future__ import annotations

import hashlib
import os
import random
from typing import Protocol


class Content(Protocol):
    """Bytes with an entity tag (RFC 9110 section 8.8.3)."""

    @property
    def size(self) -> int:
        """The number of bytes."""

    @property
    def etag(self) -> str:
        """The entity tag, in its quotes. Different bytes have different tags."""

    def read(self, start: int, count: int) -> bytes:
        """Return at most `count` bytes from `start` on; none at the end."""

    def close(self) -> None:
        """Release the resources of the content."""


class InMemory:
    """Bytes in memory.

    Args:
        data: the bytes.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self._data)

    def read(self, start: int, count: int) -> bytes:
        """Return at most `count` bytes from `start` on."""
        return self._data[start : start + count]

    def close(self) -> None:
        """Do nothing."""


class OpenFile:
    """A regular file. The tag is made from its inode, size and time, because hashing an image takes long.

    Args:
        descriptor: the descriptor of the file, which belongs to this object from now on.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        status = os.fstat(descriptor)
        self.size = status.st_size
        self.etag = f'"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"'

    def read(self, start: int, count: int) -> bytes:
        """Return at most `count` bytes from `start` on."""
        return os.pread(self._descriptor, count, start)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class _Altered:
    """A content with a fault in it. The tag is for the whole file, as on a server with an undetected fault."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self.size = content.size
        self.etag = content.etag

    def close(self) -> None:
        """Release the content."""
        self._content.close()


class WithFlippedByte(_Altered):
    """A content in which all bits of one byte are inverted.

    Args:
        content: the whole content.
        offset: the place of the byte; beyond the end: none is inverted.
    """

    def __init__(self, content: Content, offset: int) -> None:
        super().__init__(content)
        self._offset = offset

    def read(self, start: int, count: int) -> bytes:
        """Return at most `count` bytes from `start` on."""
        data = self._content.read(start, count)
        at = self._offset - start
        return data if not 0 <= at < len(data) else b"".join((data[:at], bytes([data[at] ^ 0xFF]), data[at + 1 :]))


class Beginning(_Altered):
    """The beginning of a content, as a file of that size.

    Args:
        content: the whole content.
        size: the number of bytes.
    """

    def __init__(self, content: Content, size: int) -> None:
        super().__init__(content)
        self.size = min(size, content.size)

    def read(self, start: int, count: int) -> bytes:
        """Return at most `count` bytes from `start` on."""
        return self._content.read(start, max(0, min(count, self.size - start)))


class AnotherVersion(_Altered):
    """Other bytes, as many as in the first version, with a tag of their own.

    Args:
        content: the first version.
        seed: seeds the bytes.
    """

    def __init__(self, content: Content, seed: int) -> None:
        super().__init__(content)
        self.etag = f'"{seed:x}-{content.etag.strip(chr(34))}"'
        self._mask = random.Random(seed).randbytes(4096)

    def read(self, start: int, count: int) -> bytes:
        """Return at most `count` bytes from `start` on."""
        data, mask = self._content.read(start, count), self._mask
        return bytes(byte ^ (mask[(start + at) % len(mask)] | 1) for at, byte in enumerate(data))
