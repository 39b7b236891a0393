"""Convert ESP-IDF's partition table between `partitions.csv` and the binary at 0x8000.

The format is that of ESP-IDF's "Partition Tables" guide. Entries have 32 bytes and start with 0xAA 0x50. The last entry
starts with 0xEB 0xEB and has the MD5 of all entries before it.
"""

from __future__ import annotations

import csv
import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rig.util.errors import BenchError

TABLE_OFFSET = 0x8000
TABLE_SIZE = 0xC00
SECTOR_SIZE = 0x1000

_ENTRY = struct.Struct("<2sBBII16sI")
_MAGIC = b"\xaa\x50"
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14
_TYPES = {"app": 0x00, "data": 0x01}
_SUBTYPES = {
    "app": {"factory": 0x00, "test": 0x20} | {f"ota_{n}": 0x10 + n for n in range(16)},
    "data": {
        "ota": 0x00,
        "phy": 0x01,
        "nvs": 0x02,
        "coredump": 0x03,
        "nvs_keys": 0x04,
        "undefined": 0x06,
        "fat": 0x81,
        "spiffs": 0x82,
        "littlefs": 0x83,
    },
}
_APP_ALIGNMENT = 0x10000


@dataclass(frozen=True, slots=True)
class Partition:
    """One entry: `kind` is `app` or `data`; `offset` and `size` are in bytes."""

    name: str
    kind: str
    subtype: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        """The offset of the first byte after the partition."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class PartitionTable:
    """All partitions of a flash, in the order of the table."""

    partitions: tuple[Partition, ...]

    def __iter__(self) -> Iterator[Partition]:
        return iter(self.partitions)

    def __getitem__(self, name: str) -> Partition:
        for partition in self.partitions:
            if partition.name == name:
                return partition
        names = ", ".join(partition.name for partition in self.partitions)
        raise KeyError(f"no partition named {name!r}; {f'there are {names}' if names else 'the table is empty'}")

    def find(self, kind: str, subtype: str) -> Partition | None:
        """Return the first partition of a type and subtype, if any."""
        return next((p for p in self.partitions if (p.kind, p.subtype) == (kind, subtype)), None)

    def ota_slots(self) -> list[Partition]:
        """Return the application slots ota_0, ota_1, ... in order."""
        slots = [p for p in self.partitions if p.kind == "app" and p.subtype.startswith("ota_")]
        return sorted(slots, key=lambda p: int(p.subtype.removeprefix("ota_")))


def read_csv(path: Path) -> PartitionTable:
    """Read `partitions.csv`; every entry must have an offset and a size.

    Raises:
        BenchError: an invalid row; the message names its line.
    """
    partitions: list[Partition] = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        row = [field.strip() for field in next(csv.reader([line.split("#")[0]]), [])]
        if not any(row):
            continue
        try:
            partitions.append(_from_row(row))
        except ValueError as problem:
            raise BenchError(
                f"{path}:{number}: {problem}", "Correct the row: name, type, subtype, offset, size"
            ) from None
    _check(partitions, path)
    return PartitionTable(tuple(partitions))


def _from_row(row: Sequence[str]) -> Partition:
    if len(row) < 5:
        raise ValueError(f"five fields are needed, found {len(row)}")
    name, kind, subtype, offset, size = row[:5]
    if len(name.encode()) > 16:
        raise ValueError(f"the name {name!r} is longer than 16 bytes")
    if kind not in _TYPES:
        raise ValueError(f"type {kind!r} is unknown; allowed: {', '.join(_TYPES)}")
    if subtype not in _SUBTYPES[kind]:
        raise ValueError(f"subtype {subtype!r} is unknown; allowed for {kind}: {', '.join(_SUBTYPES[kind])}")
    return Partition(name, kind, subtype, _number(offset), _number(size))


def _number(text: str) -> int:
    scale = {"K": 1024, "M": 1024 * 1024}.get(text[-1:].upper(), 1)
    return int(text[:-1] if scale > 1 else text, 0) * scale


def _check(partitions: Sequence[Partition], path: Path) -> None:
    by_offset = sorted(partitions, key=lambda p: p.offset)
    for before, after in pairwise(by_offset):
        if before.end > after.offset:
            raise BenchError(f"{path}: partitions {before.name} and {after.name} overlap", "Move one of them")
    for partition in partitions:
        alignment = _APP_ALIGNMENT if partition.kind == "app" else SECTOR_SIZE
        if partition.offset % alignment:
            raise BenchError(
                f"{path}: partition {partition.name} starts at {partition.offset:#x}",
                f"Start it at a multiple of {alignment:#x}",
            )


def to_binary(table: PartitionTable) -> bytes:
    """Return the table as in flash, with its MD5 entry, padded with 0xFF to 0xC00 bytes."""
    entries = b"".join(
        _ENTRY.pack(_MAGIC, _TYPES[p.kind], _SUBTYPES[p.kind][p.subtype], p.offset, p.size, p.name.encode(), 0)
        for p in table
    )
    return (entries + _MD5_MAGIC + hashlib.md5(entries).digest()).ljust(TABLE_SIZE, b"\xff")


def from_binary(data: bytes) -> PartitionTable:
    """Parse a table that `to_binary` or ESP-IDF made.

    Raises:
        ValueError: no partition table, or its MD5 is wrong; the message has the reason.
    """
    partitions: list[Partition] = []
    for at in range(0, min(len(data), TABLE_SIZE), _ENTRY.size):
        entry = data[at : at + _ENTRY.size]
        if entry.startswith(_MD5_MAGIC):
            if entry[16:] != hashlib.md5(data[:at]).digest():
                raise ValueError("partition table: the MD5 does not match the entries")
            break
        magic, kind_id, subtype_id, offset, size, name, _flags = _ENTRY.unpack(entry)
        if magic != _MAGIC:
            if entry == b"\xff" * _ENTRY.size and partitions:
                break
            raise ValueError(f"partition table: invalid magic number 0x{magic.hex()} at entry {len(partitions)}")
        kind = next((k for k, v in _TYPES.items() if v == kind_id), f"{kind_id:#x}")
        subtype = next((k for k, v in _SUBTYPES.get(kind, {}).items() if v == subtype_id), f"{subtype_id:#x}")
        partitions.append(Partition(name.rstrip(b"\0").decode(errors="replace"), kind, subtype, offset, size))
    return PartitionTable(tuple(partitions))
