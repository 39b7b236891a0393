"""Core dumps: found in flash, checked, and saved without known secrets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rig.firmware.core_dump import CoreDump, parse_core_dump, read_core_dump
from rig.firmware.core_dump_file import load_core_dump, save_core_dump
from rig.util.errors import BenchError
from rig.util.known_secrets import remember_secret
from tests.unit.firmware.core_dumps import REASON, core_dump, flash_with

DUMP = core_dump("7d946a8e8", 0x42009351, 0x42001234)
PARTITION = 0x3E0000


def read(flash: bytes) -> CoreDump | None:
    return read_core_dump(lambda offset, length: flash[offset : offset + length])


def test_a_dump_names_chip_build_reason_and_the_crashed_task() -> None:
    dump = read(flash_with(DUMP))
    assert dump == CoreDump(DUMP, "esp32c3", "EM_RISCV", "7d946a8e8", REASON, 2, ("0x42009351", "0x42001234"))


def test_a_blank_partition_has_no_dump() -> None:
    assert read(flash_with(b"")) is None


@pytest.mark.parametrize(
    ("flash", "reason"),
    [
        (b"", "ends before its partition table"),
        (b"\xff" * (1 << 20), "no partition table"),
        (flash_with(DUMP)[:PARTITION], "ends before its partition 'coredump'"),
        (flash_with(DUMP)[: PARTITION + 100], "truncated: it has 804 bytes, of which 100 are here"),
        (flash_with(DUMP[:-1] + bytes([DUMP[-1] ^ 1])), "damaged: its checksum is wrong"),
        (flash_with(b"\x10\0\0\0\x99\x09\0\0"), "version 0x0999 and chip 0 are unknown"),
        (flash_with(b"\xff\xff\xff\x7f" + bytes(4)), "its first word 0x7fffffff is no length"),
    ],
    ids=["empty", "erased", "no dump", "truncated", "damaged", "unknown", "no length"],
)
def test_an_unusable_image_has_its_reason(flash: bytes, reason: str) -> None:
    with pytest.raises(BenchError, match=reason):
        read(flash)


def test_a_saved_dump_is_valid_and_has_no_known_secret(tmp_path: Path) -> None:
    remember_secret("correct-horse")
    dump = parse_core_dump(core_dump("7d946a8e8", 1, 2, memory=b"psk=correct-horse\0"))
    path = save_core_dump(tmp_path / "new", dump)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert b"psk=" + b"*" * len("correct-horse") in content
    assert load_core_dump(path).reason == REASON
