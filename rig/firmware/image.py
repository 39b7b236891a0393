"""Application images in the ESP32's own format with the host build of the firmware as payload.

The format is that of esptool's "Firmware Image Format": a header, segments, a checksum byte and an appended SHA-256;
the first segment is ESP-IDF's application descriptor. The host executable is one more segment: a small header of ours,
then the executable, compressed by xz. The segment's address is in external RAM, where no real image has code.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import xor

MAGIC = 0xE9
ALIGNMENT = 16

_CHECKSUM_SEED = 0xEF
_CHIP_ID_ESP32 = 0
# magic, segments, SPI mode (2: DIO), SPI speed and size (0x20: 4 MB at 40 MHz), entry point; then wp_pin
# (0xEE: unused), three drive settings, chip id, min revision, min and max full revision, 4 reserved bytes, and
# whether a hash is appended.
_HEADER = struct.Struct("<BBBBI B3sHBHH4sB")
_SEGMENT = struct.Struct("<II")
# magic, secure version, 8 reserved bytes, version, project, time, date, IDF version, ELF SHA-256, revisions, MMU page
_DESCRIPTOR = struct.Struct("<II8s32s32s16s16s32s32sHHB3s72s")
_DESCRIPTOR_MAGIC = 0xABCD5432
_DESCRIPTOR_ADDRESS = 0x3F400020
_EXECUTABLE = struct.Struct("<8sI")
_EXECUTABLE_MAGIC = b"PBHOST02"
_EXECUTABLE_ADDRESS = 0x3F800000
_ENTRY_POINT = 0x40080000


@dataclass(frozen=True, slots=True)
class AppImage:
    """The content of an application image.

    Attributes:
        project: the project's name in the application descriptor.
        version: the firmware's version in the application descriptor.
        elf_sha256: SHA-256 of the unstripped executable, to find its symbols.
        executable: the host executable; empty in an image for a real chip.
        length: the length of the image in bytes, with checksum and digest.
    """

    project: str
    version: str
    elf_sha256: bytes
    executable: bytes
    length: int


class ImageError(ValueError):
    """Flash holds no bootable image. The message is that of the chip's boot loader."""


def make_image(executable: bytes, *, project: str, version: str, elf_sha256: bytes) -> bytes:
    """Make an image for esptool to flash and for the virtual boot loader to run.

    Args:
        executable: the stripped host executable.
        project: the project's name, at most 31 bytes.
        version: the version, at most 31 bytes.
        elf_sha256: 32 bytes, see `AppImage`.

    Raises:
        ValueError: a name is too long.
    """
    if len(project.encode()) > 31 or len(version.encode()) > 31:
        raise ValueError(f"project {project!r} and version {version!r} must be at most 31 bytes each")
    descriptor = _DESCRIPTOR.pack(
        _DESCRIPTOR_MAGIC,
        0,
        b"",
        version.encode(),
        project.encode(),
        b"",
        b"",
        b"host",
        elf_sha256,
        0,
        0xFFFF,
        16,
        b"",
        b"",
    )
    # A lower preset is faster, but with it the executable with sanitizers does not fit into its slot.
    packed = _EXECUTABLE.pack(_EXECUTABLE_MAGIC, len(executable)) + lzma.compress(executable, preset=4)
    segments = [
        (_DESCRIPTOR_ADDRESS, descriptor),
        (_EXECUTABLE_ADDRESS, packed + bytes(-len(packed) % 4)),
    ]
    header = _HEADER.pack(MAGIC, len(segments), 2, 0x20, _ENTRY_POINT, 0xEE, b"", _CHIP_ID_ESP32, 0, 0, 0xFFFF, b"", 1)
    image = header + b"".join(_SEGMENT.pack(address, len(data)) + data for address, data in segments)
    image += bytes(ALIGNMENT - 1 - len(image) % ALIGNMENT)
    image += bytes([_checksum(data for _, data in segments)])
    return image + hashlib.sha256(image).digest()


def parse_image(data: bytes) -> AppImage:
    """Validate an image as the chip's boot loader does: header, segments, checksum, SHA-256.

    Args:
        data: starts with the image; the bytes after it are ignored.

    Raises:
        ImageError: the image cannot be booted.
    """
    if len(data) < _HEADER.size or data[0] != MAGIC:
        raise ImageError(f"invalid header: 0x{int.from_bytes(data[:4], 'little'):08x}")
    header = _HEADER.unpack_from(data)
    count, chip_id, has_hash = header[1], header[7], header[12]
    if chip_id != _CHIP_ID_ESP32:
        raise ImageError(f"mismatch chip ID, expected {_CHIP_ID_ESP32}, found {chip_id}")
    segments = []
    at = _HEADER.size
    for index in range(count):
        if at + _SEGMENT.size > len(data):
            raise ImageError(f"image at segment {index} has no end")
        address, length = _SEGMENT.unpack_from(data, at)
        at += _SEGMENT.size
        if at + length > len(data):
            raise ImageError(f"segment {index}: load address 0x{address:08x}, invalid length {length:#x}")
        segments.append(data[at : at + length])
        at += length
    at += ALIGNMENT - 1 - at % ALIGNMENT
    checksum = _checksum(segments)
    if at >= len(data) or data[at] != checksum:
        stored = data[at] if at < len(data) else 0xFF
        raise ImageError(f"Checksum failed. Calculated {checksum:#x} read {stored:#x}")
    at += 1
    if has_hash:
        if hashlib.sha256(data[:at]).digest() != data[at : at + 32]:
            raise ImageError("Image hash failed - image is corrupt")
        at += 32
    return AppImage(*_descriptor(segments), _executable(segments), at)


def elf_sha256_of(image: bytes) -> bytes:
    """Return the SHA-256 of the ELF file that an image for any chip was made of; empty if this is no such image.

    Args:
        image: starts with the image. Its checksum is not validated.
    """
    start = _HEADER.size + _SEGMENT.size
    if not image.startswith(bytes([MAGIC])) or len(image) < start:
        return b""
    return _descriptor([image[start : start + _DESCRIPTOR.size]])[2]


def _descriptor(segments: list[bytes]) -> tuple[str, str, bytes]:
    for data in segments[:1]:
        if len(data) >= _DESCRIPTOR.size and data[:4] == _DESCRIPTOR_MAGIC.to_bytes(4, "little"):
            fields = _DESCRIPTOR.unpack_from(data)
            return _text(fields[4]), _text(fields[3]), fields[8]
    return "", "", b""


def _executable(segments: list[bytes]) -> bytes:
    for data in segments:
        if data.startswith(_EXECUTABLE_MAGIC):
            _, length = _EXECUTABLE.unpack_from(data)
            try:
                executable = lzma.LZMADecompressor().decompress(data[_EXECUTABLE.size :])
            except lzma.LZMAError as problem:
                raise ImageError(f"host executable: {problem}") from None
            if len(executable) != length:
                raise ImageError(f"host executable: {length} bytes expected, {len(executable)} found")
            return executable
    return b""


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode(errors="replace")


def _checksum(segments: Iterable[bytes]) -> int:
    return reduce(xor, (_xor_of_bytes(data) for data in segments), _CHECKSUM_SEED)


def _xor_of_bytes(data: bytes) -> int:
    # Fold the data in halves as one big number: byte by byte would take a second for an application.
    value, length = int.from_bytes(data, "little"), len(data)
    while length > 1:
        half = (length + 1) // 2
        value = (value >> 8 * half) ^ (value & ((1 << 8 * half) - 1))
        length = half
    return value
