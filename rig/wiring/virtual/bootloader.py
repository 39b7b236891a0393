"""The virtual boot loader: from what is in flash to the executable that runs."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

from rig.firmware.image import AppImage, ImageError, parse_image
from rig.firmware.partitions import SECTOR_SIZE, TABLE_OFFSET, TABLE_SIZE, Partition, PartitionTable, from_binary

ReadFlash = Callable[[int, int], bytes]

_OTA_ENTRY = struct.Struct("<I20sII")
_OTA_STATES_REFUSED = (3, 4)  # ESP_OTA_IMG_INVALID, ESP_OTA_IMG_ABORTED


def load(read: ReadFlash) -> AppImage:
    """The application that the chip would boot: the OTA slot that otadata names, else the first slot that is sound.

    Args:
        read: gives `length` bytes of flash from `offset`.

    Raises:
        ImageError: nothing in flash can be booted; the message is what stands on the serial port.
    """
    table = _table(read)
    slots = table.ota_slots()
    if not slots:
        raise ImageError("No bootable app partitions in the partition table")
    chosen = slots[_chosen_slot(read, table, len(slots))]
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


def _chosen_slot(read: ReadFlash, table: PartitionTable, count: int) -> int:
    """The index of the slot that otadata names (ESP-IDF, "Over The Air Updates": the highest valid sequence number)."""
    otadata = table.find("data", "ota")
    if otadata is None:
        return 0
    newest = 0
    for offset in (otadata.offset, otadata.offset + SECTOR_SIZE):
        sequence, _label, state, crc = _OTA_ENTRY.unpack(read(offset, _OTA_ENTRY.size))
        valid = crc == zlib.crc32(struct.pack("<I", sequence), 0xFFFFFFFF) and state not in _OTA_STATES_REFUSED
        if valid and sequence != 0xFFFFFFFF:
            newest = max(newest, sequence)
    return (newest - 1) % count if newest else 0
