"""Makes core dumps and flash images as an ESP32-C3 writes them (ESP-IDF's guide "Core Dump")."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from rig.firmware.partitions import TABLE_OFFSET, read_csv, to_binary

ROOT = Path(__file__).parents[3]
REASON = "abort() was called at PC 0x42009351 on core 0"
_HEADER_BYTES = 24
_ESP32C3 = 5
_MAIN, _IDLE = 0x3FC8EC30, 0x3FC8F38C  # control blocks of two tasks


def core_dump(elf_sha256: str, pc: int, ra: int, memory: bytes = b"") -> bytes:
    """Return a core dump of two tasks, of which the second one has crashed."""
    notes = _note(b"CORE", 1, _status(_IDLE, 1, 2)) + _note(b"CORE", 1, _status(_MAIN, pc, ra))
    notes += _note(b"ESP_CORE_DUMP_INFO", 8266, struct.pack("<I68s", 0x50102, elf_sha256.encode()))
    notes += _note(b"EXTRA_INFO", 677, struct.pack("<I", _MAIN)) + _note(b"ESP_PANIC_DETAILS", 679, REASON.encode())
    start = 52 + 2 * 32
    elf = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1", 4, 0xF3, 1, 0, 52, 0, 0, 52, 32, 2, 0, 0, 0)
    elf += struct.pack("<8I", 4, start, 0, 0, len(notes), len(notes), 0, 0)
    elf += struct.pack("<8I", 1, start + len(notes), 0x3FC80000, 0x3FC80000, len(memory), len(memory), 6, 0)
    elf += notes + memory
    content = struct.pack("<IHH16x", _HEADER_BYTES + len(elf) + 4, 0x0102, _ESP32C3) + elf
    return content + zlib.crc32(content).to_bytes(4, "little")


def flash_with(dump: bytes) -> bytes:
    """Return a whole flash with a dump in its partition; an empty dump leaves the partition blank."""
    table = read_csv(ROOT / "firmware" / "partitions.csv")
    flash = bytearray(b"\xff" * (4 << 20))
    for offset, content in ((TABLE_OFFSET, to_binary(table)), (table["coredump"].offset, dump)):
        flash[offset : offset + len(content)] = content
    return bytes(flash)


def _note(name: bytes, kind: int, content: bytes) -> bytes:
    return struct.pack("<3I", len(name) + 1, len(content), kind) + _padded(name + b"\0") + _padded(content)


def _status(task: int, pc: int, ra: int) -> bytes:
    return struct.pack("<24xI44xII124x", task, pc, ra)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
