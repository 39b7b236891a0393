"""The partition table in ESP-IDF's binary format."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.firmware.partitions import from_binary, read_csv, to_binary
from rig.util.errors import BenchError

CSV = Path(__file__).parents[3] / "firmware" / "partitions.csv"


def test_round_trip():
    table = read_csv(CSV)
    assert from_binary(to_binary(table)) == table


def test_the_layout_is_that_of_the_design():
    layout = {p.name: (p.offset, p.size) for p in read_csv(CSV)}
    assert layout == {
        "nvs": (0x9000, 0x4000),
        "otadata": (0xD000, 0x2000),
        "phy_init": (0xF000, 0x1000),
        "ota_0": (0x10000, 0x170000),
        "ota_1": (0x180000, 0x170000),
        "schemas_0": (0x2F0000, 0x20000),
        "schemas_1": (0x310000, 0x20000),
        "secrets": (0x330000, 0x10000),
        "storage": (0x350000, 0x90000),
        "coredump": (0x3E0000, 0x20000),
    }


def test_first_entry_byte_by_byte():
    # ESP-IDF, "Partition Tables": magic, type 1 (data), subtype 2 (nvs), offset, size, name, flags.
    expected = b"\xaa\x50\x01\x02" + b"\x00\x90\x00\x00" + b"\x00\x40\x00\x00" + b"nvs".ljust(16, b"\0") + bytes(4)
    assert to_binary(read_csv(CSV))[:32] == expected


@pytest.mark.parametrize("at", [0, 5, 12 * 16])
def test_a_flipped_bit_is_detected(at):
    binary = bytearray(to_binary(read_csv(CSV)))
    binary[at] ^= 0x10
    with pytest.raises(ValueError, match="partition table"):
        from_binary(bytes(binary))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("app, app", r"csv:1: five fields"),
        ("a, code, ota_0, 0x10000, 1M", r"csv:1: type 'code' is unknown; allowed: app, data"),
        ("a, data, zfs, 0x10000, 1M", r"subtype 'zfs' is unknown; allowed for data: .*littlefs"),
        ("a, data, nvs, x, 1M", r"csv:1: invalid literal"),
        ("a_name_longer_than_it_may, data, nvs, 0x9000, 4K", r"longer than 16"),
        ("a, app, ota_0, 0x9000, 1M", r"partition a starts at 0x9000\. Start it at a multiple of 0x10000"),
        ("a, data, nvs, 0x9000, 8K\nb, data, phy, 0xa000, 4K", r"a and b overlap"),
    ],
)
def test_bad_rows_are_rejected_by_line(tmp_path, row, message):
    path = tmp_path / "p.csv"
    path.write_text(row)
    with pytest.raises(BenchError, match=message):
        read_csv(path)
