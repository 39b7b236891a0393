"""The virtual boot loader: selects the image in flash to run."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from rig.firmware.image import AppImage, ImageError, parse_image
from rig.firmware.partitions import SECTOR_SIZE, TABLE_OFFSET, TABLE_SIZE, Partition, PartitionTable, from_binary

ReadFlash = Callable[[int, int], bytes]
WriteFlash = Callable[[int, bytes], None]

_OTA_ENTRY = struct.Struct("<I20sII")
_OTA_NEW, _OTA_PENDING_VERIFY, _OTA_VALID, _OTA_INVALID, _OTA_ABORTED = 0, 1, 2, 3, 4
_NO_SEQUENCE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Boot:
    """The application of a boot, and the index of its slot."""

    image: AppImage
    slot: int


def load(read: ReadFlash, write: WriteFlash) -> Boot:
    """Return the application that the chip would boot: in otadata's slot, else in the first valid slot.

    As with ESP-IDF's CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, an update must confirm itself in its first boot. If otadata
    has no entry yet, the boot loader adds one for the slot that it boots, as ESP-IDF's does.

    Args:
        read: returns `length` bytes of flash from `offset`.
        write: replaces the bytes of flash from `offset`, by an erase and a program.

    Raises:
        ImageError: no image in flash can be booted; the chip prints the message.
    """
    table = _table(read)
    slots = table.ota_slots()
    if not slots:
        raise ImageError("No bootable app partitions in the partition table")
    chosen = slots[_chosen_slot(read, write, table, len(slots))]
    problems = []
    for slot in [chosen, *(s for s in slots if s is not chosen)]:
        try:
            boot = Boot(_boot(read, slot), slots.index(slot))
        except ImageError as problem:
            problems.append(str(problem))
            continue
        _add_first_entry(read, write, table, boot.slot)
        return boot
    # Report the chosen slot, because the other slots may be empty.
    raise ImageError(problems[0])


def _table(read: ReadFlash) -> PartitionTable:
    data = read(TABLE_OFFSET, TABLE_SIZE)
    try:
        return from_binary(data)
    except ValueError as problem:
        if not data.strip(b"\xff"):
            # The message of the chip's ROM for empty flash.
            raise ImageError("invalid header: 0xffffffff") from None
        raise ImageError(str(problem)) from None


def _boot(read: ReadFlash, slot: Partition) -> AppImage:
    image = _checked(read(slot.offset, slot.size))
    if not image.executable:
        raise ImageError(f"{slot.name} holds an image for a real chip, without a host executable")
    return image


@lru_cache(maxsize=2)
def _checked(content: bytes) -> AppImage:
    """Parse the image in a slot. The cache avoids parsing the same image at each of hundreds of boots."""
    return parse_image(content)


def _is_sound(sequence: int, crc: int) -> bool:
    return sequence != _NO_SEQUENCE and crc == _crc(sequence)


def _crc(sequence: int) -> int:
    return zlib.crc32(struct.pack("<I", sequence), 0xFFFFFFFF)


def _add_first_entry(read: ReadFlash, write: WriteFlash, table: PartitionTable, slot: int) -> None:
    """Add an entry for the slot if no entry of otadata is sound (ESP-IDF, `set_actual_ota_seq`)."""
    otadata = table.find("data", "ota")
    if otadata is None:
        return
    for offset in (otadata.offset, otadata.offset + SECTOR_SIZE):
        sequence, _, _, crc = _OTA_ENTRY.unpack(read(offset, _OTA_ENTRY.size))
        if _is_sound(sequence, crc):
            return
    sequence = slot + 1
    write(otadata.offset, _OTA_ENTRY.pack(sequence, b"\xff" * 20, _OTA_VALID, _crc(sequence)))


def _chosen_slot(read: ReadFlash, write: WriteFlash, table: PartitionTable, count: int) -> int:
    """Return the slot index of otadata: the highest valid sequence number (ESP-IDF, "OTA Updates")."""
    otadata = table.find("data", "ota")
    if otadata is None:
        return 0
    newest, place = 0, -1
    for offset in (otadata.offset, otadata.offset + SECTOR_SIZE):
        sequence, label, state, crc = _OTA_ENTRY.unpack(read(offset, _OTA_ENTRY.size))
        if not _is_sound(sequence, crc):
            continue
        if state == _OTA_PENDING_VERIFY:
            # The update did not confirm itself in its first boot.
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
