"""A batch of meter values as the device stores it (firmware/FORMAT.md)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

from rig.adapters.id_tag_record import timestamp

_BATCH = struct.Struct("<cIBIIIIQqQ")
_SAMPLE = struct.Struct("<IiI3sB")
_CRC_END = 5
_MOST_SAMPLES = 28
_NO_WALL_TIME = -(2**31)
_LAST_WALL_TIME = 253_402_300_799_999
"""The end of the year 9999, in milliseconds since 1970."""
_FROM_CSMS = 0x8000_0000
_CONTEXTS = (
    "Sample.Periodic",
    "Sample.Clock",
    "Transaction.Begin",
    "Transaction.End",
    "Interruption.Begin",
    "Interruption.End",
    "Trigger",
)


@dataclass(frozen=True, slots=True)
class _Sample:
    """What the device checks of a sample.

    Attributes:
        at: milliseconds since the boot.
        wall: milliseconds since 1970; 0 if unknown.
        energy_wh: the energy register, in Wh.
        context: the index of the reading's context.
    """

    at: int
    wall: int
    energy_wh: int
    context: int

    def is_possible(self) -> bool:
        """Whether the device can have such a sample."""
        fits = self.at < 2**64 and self.energy_wh < 2**64
        return fits and 0 <= self.wall <= _LAST_WALL_TIME and self.context < len(_CONTEXTS)

    def can_follow(self, first: _Sample, unit: int) -> bool:
        """Whether the device can have packed the sample into a batch that begins with `first`."""
        if self.at < first.at or self.energy_wh < first.energy_wh:
            return False
        drift = self.wall - first.wall - (self.at - first.at) // unit * unit
        return self.wall == 0 or _NO_WALL_TIME < drift < 2**31


def read_batch(content: bytes) -> dict[str, Any]:
    """Decode a batch by the rules of the device, which rejects a batch that it cannot have written.

    Args:
        content: the content of the file without its header.

    Raises:
        ValueError: the content is not a batch; the message has the reason.
    """
    has_voltage = content[:1] in {b"m", b"s"}
    begin = _BATCH.size + (2 if has_voltage else 0)
    if content[:1] not in {b"m", b"s", b"M", b"S"} or len(content) < begin:
        raise ValueError("it is no record and no batch of samples")
    _, crc, count, sequence, nonce, transaction, boot, at, wall, register = _BATCH.unpack_from(content)
    if crc != zlib.crc32(content[_CRC_END:]) or len(content) != begin + count * _SAMPLE.size:
        raise ValueError("its CRC does not match")
    if not 0 < count <= _MOST_SAMPLES or not 0 <= wall <= _LAST_WALL_TIME:
        raise ValueError(f"it has {count} samples from {wall} ms since 1970")
    unit = 1000 if content[:1] in {b"s", b"S"} else 1
    batch: dict[str, Any] = {"seq": sequence, "nonce": nonce, "tx": transaction, "boot": boot}
    if has_voltage:
        batch["voltage"] = int.from_bytes(content[_BATCH.size : begin], "little")
    batch["samples"] = []
    first = None
    for distance, drift, energy, power, flags in _SAMPLE.iter_unpack(content[begin:]):
        later = (distance & ~_FROM_CSMS) * unit
        moment = 0 if drift == _NO_WALL_TIME else wall + later + drift
        sample = _Sample(at + later, moment, register + energy, flags & 0x0F)
        first = first or sample
        if not sample.is_possible() or not sample.can_follow(first, unit):
            raise ValueError(f"sample {len(batch['samples']) + 1} is impossible: {sample}")
        batch["samples"].append(
            {
                "at": sample.at,
                "wall": timestamp(moment) if moment else None,
                "from_csms": bool(distance & _FROM_CSMS),
                "wh": sample.energy_wh,
                "w": int.from_bytes(power, "little"),
                "context": _CONTEXTS[sample.context],
            }
        )
    return batch
