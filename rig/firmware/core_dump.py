"""The core dump of a chip: found in flash, checked, and read as far as is possible without a debugger.

The format is that of ESP-IDF's guide "Core Dump": a header, an ELF file of the type CORE, and a checksum over both.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rig.firmware.partitions import TABLE_OFFSET, TABLE_SIZE, from_binary
from rig.util.errors import BenchError
from rig.util.known_secrets import without_known_bytes

ReadFlash = Callable[[int, int], bytes]
"""Returns `length` bytes of flash from `offset`: `read(offset, length)`."""

_HEADER = struct.Struct("<IHH")  # length of the whole dump, version of the format, chip
_BLANK = 0xFFFFFFFF
LARGEST = 8 << 20
"""The limit of the size of a core dump, in bytes."""
_CHIPS: Mapping[int, str] = {  # esp_chip_id_t, as in the header of an application image
    0: "esp32",
    2: "esp32s2",
    5: "esp32c3",
    9: "esp32s3",
    12: "esp32c2",
    13: "esp32c6",
    16: "esp32h2",
    18: "esp32p4",
    20: "esp32c61",
    23: "esp32c5",
}


@dataclass(frozen=True, slots=True)
class _Format:
    header: int
    digest: Callable[[bytes], bytes]
    is_elf: bool = True


def _crc32(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


_FORMATS: Mapping[int, _Format] = {
    0x0002: _Format(20, _crc32, is_elf=False),
    0x0003: _Format(24, _crc32, is_elf=False),
    0x0100: _Format(20, _crc32),
    0x0101: _Format(20, _sha256),
    0x0102: _Format(24, _crc32),
    0x0103: _Format(24, _sha256),
    0x0104: _Format(12, _sha256),
}

_ELF_HEADER = struct.Struct("<16sHHIIIIIHHH")
_PROGRAM_HEADER = struct.Struct("<8I")
_PT_NOTE = 4
_NOTE = struct.Struct("<3I")
_MACHINES: Mapping[int, str] = {0x5E: "EM_XTENSA", 0xF3: "EM_RISCV"}
_PRSTATUS_TASK, _PRSTATUS_REGISTERS = 24, 72  # offsets: address of the task's control block, program counter
_INFO, _EXTRA, _PANIC, _TASK = b"ESP_CORE_DUMP_INFO", b"EXTRA_INFO", b"ESP_PANIC_DETAILS", b"CORE"


@dataclass(frozen=True, slots=True)
class CoreDump:
    """A core dump whose checksum is right.

    Attributes:
        data: the whole dump, as esp-coredump reads it.
        chip: esptool's name of the chip.
        machine: its machine as in the ELF specification, such as `EM_RISCV`; empty in the binary format.
        elf_sha256: the first digits of the hash of the crashed ELF file; empty if the dump does not have it.
        reason: the text of the panic; empty if the dump does not have it.
        tasks: the number of tasks.
        frames: the innermost frames of the crashed task, as `0x…`: all that is known without a debugger.
    """

    data: bytes
    chip: str
    machine: str = ""
    elf_sha256: str = ""
    reason: str = ""
    tasks: int = 0
    frames: tuple[str, ...] = ()


def read_core_dump(read: ReadFlash) -> CoreDump | None:
    """Find the core dump in a flash.

    Args:
        read: reads the flash.

    Returns:
        The dump; None if the partition is blank, because nothing has crashed since it was erased.

    Raises:
        BenchError: the flash has no partition for core dumps, or the dump is damaged.
    """
    content = read(TABLE_OFFSET, TABLE_SIZE)
    if len(content) < TABLE_SIZE:
        raise BenchError(f"the image ends before its partition table at {TABLE_OFFSET:#x}", "Read the whole flash")
    try:
        partition = from_binary(content).find("data", "coredump")
    except ValueError as problem:
        raise BenchError(f"the flash has no partition table: {problem}", "Read the whole flash") from None
    if partition is None:
        raise BenchError(
            "the partition table has no partition for core dumps",
            "Add one to partitions.csv: coredump, data, coredump",
        )
    header = read(partition.offset, _HEADER.size)
    if len(header) < _HEADER.size:
        raise BenchError(
            f"the image ends before its partition {partition.name!r} at {partition.offset:#x}", "Read the whole flash"
        )
    (length, _, _) = _HEADER.unpack(header)
    if length == _BLANK:
        return None
    if not _HEADER.size <= length <= min(partition.size, LARGEST):
        raise BenchError(
            f"the partition {partition.name!r} has no core dump: its first word {length:#x} is no length",
            "The device may have lost power while it wrote the dump. Let it crash again",
        )
    return parse_core_dump(read(partition.offset, length))


def is_core_dump(data: bytes) -> bool:
    """Return whether a file begins like a core dump."""
    if len(data) < _HEADER.size:
        return False
    length, version, chip = _HEADER.unpack_from(data)
    return version in _FORMATS and chip in _CHIPS and _HEADER.size <= length <= LARGEST


def parse_core_dump(data: bytes) -> CoreDump:
    """Parse a core dump, as in its partition.

    Args:
        data: starts with the dump; the bytes after it are ignored.

    Raises:
        BenchError: it is truncated or damaged, or its format is unknown.
    """
    if len(data) < _HEADER.size:
        raise BenchError(f"the core dump has only {len(data)} bytes", "Read the whole partition")
    length, version, chip = _HEADER.unpack_from(data)
    known = _FORMATS.get(version)
    if known is None or chip not in _CHIPS:
        raise BenchError(
            f"this is no core dump: version {version:#06x} and chip {chip} are unknown",
            "Read the partition of the type `data, coredump`; esp-coredump may know newer formats",
        )
    if len(data) < length:
        raise BenchError(
            f"the core dump is truncated: it has {length} bytes, of which {len(data)} are here", "Read it again"
        )
    whole = data[:length]
    size = len(known.digest(b""))
    content, checksum = whole[:-size], whole[-size:]
    if length < known.header + size or known.digest(content) != checksum:
        raise BenchError(
            "the core dump is damaged: its checksum is wrong",
            "Read it again. The device may have lost power while it wrote the dump",
        )
    if not known.is_elf:
        return CoreDump(whole, _CHIPS[chip])
    try:
        return _from_elf(whole, _CHIPS[chip], content[known.header :])
    except (struct.error, IndexError, ValueError) as problem:
        raise BenchError(f"the core dump has an unreadable content: {problem}", "Read it with esp-coredump") from None


def without_secrets(dump: CoreDump) -> bytes:
    """Return a dump in which known secrets are overwritten, with a new checksum: the dump has the memory of tasks."""
    digest = _FORMATS[_HEADER.unpack_from(dump.data)[1]].digest
    content = without_known_bytes(dump.data[: -len(digest(b""))])
    return content + digest(content)


def _from_elf(whole: bytes, chip: str, elf: bytes) -> CoreDump:
    machine = _MACHINES.get(_ELF_HEADER.unpack_from(elf)[2], "")
    elf_sha256 = reason = ""
    crashed: int | None = None
    tasks: list[bytes] = []
    for name, content in _notes(elf):
        if name == _INFO:
            elf_sha256 = content[4:].split(b"\0")[0].decode("ascii", "replace")  # after the version of the dump
        elif name == _EXTRA:
            (crashed,) = struct.unpack_from("<I", content)
        elif name == _PANIC:
            reason = content.split(b"\0")[0].decode(errors="replace")
        elif name == _TASK:
            tasks.append(content)
    of_crashed = [task for task in tasks if struct.unpack_from("<I", task, _PRSTATUS_TASK)[0] == crashed]
    frames: tuple[str, ...] = ()
    for task in (of_crashed or tasks)[:1]:
        pc, ra = struct.unpack_from("<2I", task, _PRSTATUS_REGISTERS)
        frames = (f"{pc:#x}", f"{ra:#x}") if machine == "EM_RISCV" else (f"{pc:#x}",)
    return CoreDump(whole, chip, machine, elf_sha256, reason, len(tasks), frames)


def _notes(elf: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each note (System V ABI, chapter 5, "Note Section")."""
    header = _ELF_HEADER.unpack_from(elf)
    table, size, count = header[5], header[9], header[10]
    for index in range(count):
        kind, offset, _, _, length, _, _, _ = _PROGRAM_HEADER.unpack_from(elf, table + size * index)
        if kind != _PT_NOTE:
            continue
        segment = elf[offset : offset + length]
        at = 0
        while at + _NOTE.size <= len(segment):
            name_size, content_size, _ = _NOTE.unpack_from(segment, at)
            start = at + _NOTE.size
            end = start + _aligned(name_size)
            yield segment[start : start + name_size].rstrip(b"\0"), segment[end : end + content_size]
            at = end + _aligned(content_size)


def _aligned(size: int) -> int:
    return (size + 3) & ~3
