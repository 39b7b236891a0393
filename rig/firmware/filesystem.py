"""Make, update and read LittleFS images of the storage partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from littlefs import LittleFS, LittleFSError, UserContext

from rig.util.errors import BenchError

BLOCK_SIZE = 4096
# Same geometry as in the firmware's storage feature, see docs/virtual-board.md.
GEOMETRY: Mapping[str, Any] = {
    "block_size": BLOCK_SIZE,
    "read_size": 16,
    "prog_size": 16,
    "cache_size": 512,  # the device's cache size: with a smaller cache, some of its files cannot be read
    "lookahead_size": 16,
}


def make_filesystem(files: Mapping[str, bytes], size: int) -> bytes:
    """Return a LittleFS image of `size` bytes with `files` in its root directory, by name.

    Raises:
        BenchError: the files do not fit.
    """
    filesystem = _on(bytearray(b"\xff") * size)
    filesystem.format()
    return update_filesystem(bytes(filesystem.context.buffer), files)


def update_filesystem(image: bytes, files: Mapping[str, bytes]) -> bytes:
    """Return a LittleFS image with `files` written or replaced and its other files unchanged.

    Raises:
        BenchError: the image has no valid file system, or the files do not fit.
    """
    filesystem = _mounted(image)
    try:
        for name, content in files.items():
            with filesystem.open(name, "wb") as file:
                file.write(content)
    except LittleFSError as problem:
        raise BenchError(
            f"the files do not fit into {len(image)} bytes of LittleFS: {problem}", "Leave some out"
        ) from None
    filesystem.unmount()
    return bytes(filesystem.context.buffer)


def read_filesystem(image: bytes) -> dict[str, bytes]:
    """Return every file of an image, by path.

    Raises:
        BenchError: the image has no valid file system.
    """
    filesystem = _mounted(image)
    return {
        f"{folder}/{name}".lstrip("/"): _content(filesystem, f"{folder}/{name}")
        for folder, _, names in filesystem.walk("/")
        for name in names
    }


def used_blocks(image: bytes) -> int:
    """Return the number of blocks that the files and folders of an image occupy.

    Raises:
        BenchError: the image has no valid file system.
    """
    return int(_mounted(image).used_block_count)


def _on(memory: bytearray) -> LittleFS:
    # Pass a buffer: littlefs-python would make one from a list of single bytes, which takes longer than all the rest.
    return LittleFS(UserContext(buffer=memory), block_count=len(memory) // BLOCK_SIZE, mount=False, **GEOMETRY)


def _mounted(image: bytes) -> LittleFS:
    filesystem = _on(bytearray(image))
    try:
        filesystem.mount()
    except LittleFSError as problem:
        raise BenchError(
            f"the image has no valid LittleFS file system: {problem}",
            "Flash one, or look for the cause in the device's log",
        ) from None
    return filesystem


def _content(filesystem: LittleFS, path: str) -> bytes:
    with filesystem.open(path, "rb") as file:
        content: bytes = file.read()
        return content
