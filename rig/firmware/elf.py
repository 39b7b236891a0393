"""Reads the header of an ELF file: its machine, and whether it is a program or a library."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_ET_EXEC, _ET_DYN = 2, 3
_PT_DYNAMIC = 2
_DT_FLAGS_1, _DF_1_PIE = 0x6FFFFFFB, 0x08000000
_LONGEST_DYNAMIC = 65_536
"""In bytes. The dynamic section of a program has some forty entries."""


@dataclass(frozen=True, slots=True)
class ElfHeader:
    """The part of a file's ELF header that says whether a machine can run it.

    Attributes:
        machine: class, byte order and instruction set, for comparison.
        is_program: whether it can be started; a shared library, an object file or a core dump cannot.
    """

    machine: tuple[int, int, int]
    is_program: bool


@dataclass(frozen=True, slots=True)
class _Layout:
    """The layouts of one class of ELF (System V ABI, chapters 4 and 5), without their byte order."""

    header: str  # type, machine, version, entry, program headers' offset, sections' offset, flags, sizes and counts
    segment: str
    offset: int  # the index of the offset among the fields of a segment
    size: int  # the index of the size
    entry: str


_LAYOUTS = {1: _Layout("HHIIIIIHHH", "IIIIIIII", 1, 4, "II"), 2: _Layout("HHIQQQIHHH", "IIQQQQQQ", 2, 5, "QQ")}
_ORDERS = {1: "<", 2: ">"}


def read_elf(path: Path) -> ElfHeader | None:
    """Read the header of an ELF file; None if it is no ELF file, or ends too early.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(64)
        if not start.startswith(b"\x7fELF") or len(start) < 20:
            return None
        layout, order = _LAYOUTS.get(start[4]), _ORDERS.get(start[5])
        if layout is None or order is None:
            return None
        try:
            kind, machine, _, _, segments, _, _, _, size, count = struct.unpack_from(order + layout.header, start, 16)
            is_program = kind == _ET_EXEC
            if kind == _ET_DYN:
                file.seek(segments)
                table = file.read(size * count)
                found = [struct.unpack_from(order + layout.segment, table, size * index) for index in range(count)]
                for segment in found:
                    if segment[0] == _PT_DYNAMIC:
                        file.seek(segment[layout.offset])
                        dynamic = file.read(min(segment[layout.size], _LONGEST_DYNAMIC))
                        is_program = _is_position_independent_program(dynamic, order + layout.entry)
        except (struct.error, ValueError, OverflowError):
            return None
    return ElfHeader((start[4], start[5], machine), is_program)


@lru_cache(maxsize=1)
def this_machine() -> tuple[int, int, int]:
    """Return the machine that runs this process, as `ElfHeader.machine` has it."""
    header = read_elf(Path(sys.executable))
    if header is None:
        raise RuntimeError(f"{sys.executable} is no ELF file: Plugbench runs on Linux")
    return header.machine


def _is_position_independent_program(dynamic: bytes, entry: str) -> bool:
    """Return whether the linker marked a file as a program. A program without this mark looks like a shared library."""
    whole = len(dynamic) - len(dynamic) % struct.calcsize(entry)
    return any(tag == _DT_FLAGS_1 and value & _DF_1_PIE for tag, value in struct.iter_unpack(entry, dynamic[:whole]))
