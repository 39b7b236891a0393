"""The storage partition's LittleFS image: made, changed, and read as the device has left it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from littlefs import LittleFS, LittleFSError, UserContext

from rig.util.errors import BenchError

BLOCK_SIZE = 4096
# The firmware's storage feature has the same, see docs/virtual-board.md.
_GEOMETRY: Mapping[str, Any] = {
    "block_size": BLOCK_SIZE,
    "read_size": 16,
    "prog_size": 16,
    "cache_size": 256,
    "lookahead_size": 16,
}


def make_filesystem(files: Mapping[str, bytes], size: int) -> bytes:
    """A LittleFS image of `size` bytes that holds `files`, each a name of the root directory and its content.

    Raises:
        BenchError: they do not fit.
    """
    filesystem = _on(bytearray(b"\xff") * size)
    filesystem.format()
    return update_filesystem(bytes(filesystem.context.buffer), files)


def update_filesystem(image: bytes, files: Mapping[str, bytes]) -> bytes:
    """A LittleFS image with `files` written or replaced; what else stands in it stays.

    Raises:
        BenchError: there is no sound file system in it, or they do not fit.
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
    """Every file of an image, by its path, as the device has left it.

    Raises:
        BenchError: there is no sound file system in it.
    """
    filesystem = _mounted(image)
    return {
        f"{folder}/{name}".lstrip("/"): _content(filesystem, f"{folder}/{name}")
        for folder, _, names in filesystem.walk("/")
        for name in names
    }


def _on(memory: bytearray) -> LittleFS:
    # A buffer of our own: littlefs-python makes one from a list of all its bytes, which takes longer than all the rest.
    return LittleFS(UserContext(buffer=memory), block_count=len(memory) // BLOCK_SIZE, mount=False, **_GEOMETRY)


def _mounted(image: bytes) -> LittleFS:
    filesystem = _on(bytearray(image))
    try:
        filesystem.mount()
    except LittleFSError as problem:
        raise BenchError(
            f"no LittleFS file system can be read: {problem}", "Flash one, or look at the device's log for what tore it"
        ) from None
    return filesystem


def _content(filesystem: LittleFS, path: str) -> bytes:
    with filesystem.open(path, "rb") as file:
        content: bytes = file.read()
        return content
