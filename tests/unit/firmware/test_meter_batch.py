"""Stored batches of meter values: the rig rejects what the device rejects."""

from __future__ import annotations

import struct
import zlib

import pytest

from rig.adapters.meter_batch import read_batch

WALL = 1_700_000_000_000
UNKNOWN = -(2**31)
Sample = tuple[int, int, int, int]
"""Time and drift in milliseconds, energy in Wh, all from the first sample; context."""
FIRST: Sample = (0, 0, 0, 2)


def batch(*samples: Sample, wall: int = WALL, at: int = 1000, register: int = 500, magic: bytes = b"m") -> bytes:
    body = struct.pack("<BIIIIQqQH", len(samples), 1, 2, 3, 4, at, wall, register, 230)
    for since, drift, energy, context in samples:
        body += struct.pack("<IiI3sB", since, drift, energy, b"\x01\0\0", context)
    return magic + struct.pack("<I", zlib.crc32(body)) + body


@pytest.mark.parametrize(
    "content",
    [
        batch(FIRST),
        batch(FIRST, (60_000, 2**31 - 1, 10, 6)),
        batch((0, UNKNOWN, 0, 2), (60_000, UNKNOWN, 0, 0), wall=0),
        batch(FIRST, (2**31 - 1, 0, 2**32 - 1, 0), magic=b"s"),
        batch(*[FIRST] * 28),
    ],
)
def test_a_batch_of_the_device_is_read(content: bytes) -> None:
    assert len(read_batch(content)["samples"]) == content[5]


@pytest.mark.parametrize(
    "content",
    [
        batch(),
        batch(*[FIRST] * 29),
        batch((0, 0, 0, 7)),
        batch(FIRST, wall=-1),
        batch(FIRST, (1, 0, 0, 0), wall=253_402_300_799_999),
        batch((60_000, 0, 0, 2), (0, 0, 10, 0)),
        batch((0, 0, 20, 2), (1, 0, 10, 0)),
        batch((0, 0, 0, 2), (1, 0, 1, 0), register=2**64 - 1),
        batch(FIRST, (1, 0, 0, 0), at=2**64 - 1),
        batch(FIRST, (60_000, -60_001, 10, 0), wall=0),
        batch((0, UNKNOWN, 0, 2), (60_000, 5, 10, 0)),
    ],
)
def test_a_batch_that_the_device_cannot_have_written_is_rejected(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"impossible|samples from"):
        read_batch(content)
