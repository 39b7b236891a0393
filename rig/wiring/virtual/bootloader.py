"""The virtual boot loader: from what is in flash to the executable that runs."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

from rig.firmware.image import AppImage, ImageError, parse_image
from rig.firmware.partitions import SECTOR_SIZE, TABLE_OFFSET, TABLE_SIZE, Partition, PartitionTable, from_binary

ReadFlash = Callable[[int, int], bytes]
WriteFlash = Callable[[int, bytes], None]

_OTA_ENTRY = struct.Struct("<I20sII")
_OTA_NEW, _OTA_PENDING_VERIFY, _OTA_INVALID, _OTA_ABORTED = 0, 1, 3, 4


def load(read: ReadFlash, write: WriteFlash) -> AppImage:
    """The application that the chip would boot: the OTA slot that otadata names, else the first slot that is sound.

    As ESP-IDF's boot loader with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, an update gets one boot to confirm itself.

    Args:
        read: gives `length` bytes of flash from `offset`.
        write: replaces the bytes of flash from `offset`, as an erase and a program do.

    Raises:
        ImageError: nothing in flash can be booted; the message is what stands on the serial port.
    """
    table = _table(read)
    slots = table.ota_slots()
    if not slots:
        raise ImageError("No bootable app partitions in the partition table")
    chosen = slots[_chosen_slot(read, write, table, len(slots))]
    problems = []
    for slot in [chosen, *(s for s in slots if s is not chosen)]:
        try:
            return _boot(read, slot)
        except ImageError as problem:
            problems.append(str(problem))
    # The first slot's trouble is the one to mend; an empty second slot is no news.
    raise ImageError(problems[0])


def _table(read: ReadFlash) -> PartitionTable:
    data = read(TABLE_OFFSET, TABLE_SIZE)
    try:
        return from_binary(data)
    except ValueError as problem:
        if not data.strip(b"\xff"):
            # The chip's ROM finds nothing at all and says it this way.
            raise ImageError("invalid header: 0xffffffff") from None
        raise ImageError(str(problem)) from None


def _boot(read: ReadFlash, slot: Partition) -> AppImage:
    image = _checked(read(slot.offset, slot.size))
    if not image.executable:
        raise ImageError(f"{slot.name} holds an image for a real chip, without a host executable")
    return image


@lru_cache(maxsize=2)
def _checked(content: bytes) -> AppImage:
    """The image in a slot. The same bytes are not checked and unpacked again at each of hundreds of boots."""
    return parse_image(content)


def _chosen_slot(read: ReadFlash, write: WriteFlash, table: PartitionTable, count: int) -> int:
    """The index of the slot that otadata names (ESP-IDF, "Over The Air Updates": the highest valid sequence number)."""
    otadata = table.find("data", "ota")
    if otadata is None:
        return 0
    newest, place = 0, -1
    for offset in (otadata.offset, otadata.offset + SECTOR_SIZE):
        sequence, label, state, crc = _OTA_ENTRY.unpack(read(offset, _OTA_ENTRY.size))
        if sequence == 0xFFFFFFFF or crc != zlib.crc32(struct.pack("<I", sequence), 0xFFFFFFFF):
            continue
        if state == _OTA_PENDING_VERIFY:
            # It had its boot and did not confirm itself.
            state = _OTA_ABORTED
            write(offset, _OTA_ENTRY.pack(sequence, label, state, crc))
        if state not in (_OTA_INVALID, _OTA_ABORTED) and sequence > newest:
            newest, place = sequence, offset
    if not newest:
        return 0
    sequence, label, state, crc = _OTA_ENTRY.unpack(read(place, _OTA_ENTRY.size))
    if state == _OTA_NEW:
        write(place, _OTA_ENTRY.pack(sequence, label, _OTA_PENDING_VERIFY, crc))
    return (newest - 1) % count
