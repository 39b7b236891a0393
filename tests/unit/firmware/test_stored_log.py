"""The log of the firmware in a flash image, and its grammar."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.adapters.stored_file import read_stored_file
from rig.adapters.stored_log import parse_line, read_log, split_fields
from rig.firmware.filesystem import make_filesystem
from rig.firmware.partitions import TABLE_OFFSET, Partition, PartitionTable, to_binary
from rig.util.errors import BenchError

SIZE = 64 * 4096


def file_of(content: bytes) -> bytes:
    head = struct.pack("<BBH", 1, 0, len(content))
    return b"\xfbPB\x1a" + head + struct.pack("<I", zlib.crc32(head + content)) + content


FILES = {
    "log-0000000009": file_of(b"I (1) a: first\n"),
    "log-0000000010": file_of(b"I (2) b: second\nI (3) c: third\n"),
    "log-0000000012": file_of(b"I (4) d: damaged\n")[:-1],
    "log-0000000013": file_of(b"I (5) e: last\n"),
    "crash": file_of(b"E (0) crash: the last run crashed reason=panic\n"),
    "crash_log": file_of(b"I (7) z: before\n"),
    "log-x": b"no log",
}
LINES = ["I (1) a: first", "I (2) b: second", "I (3) c: third", "I (5) e: last"]


def flash(storage: bytes) -> bytes:
    table = PartitionTable((Partition("storage", "data", "littlefs", 0x10000, len(storage)),))
    return (b"\xff" * TABLE_OFFSET + to_binary(table)).ljust(0x10000, b"\xff") + storage


def test_files_are_read_in_the_order_of_their_numbers() -> None:
    log = read_log(make_filesystem(FILES, SIZE))
    assert log.lines == LINES
    assert log.crash == ["I (7) z: before", "E (0) crash: the last run crashed reason=panic"]
    assert log.gaps == ["11", "12"]
    assert log.damaged_crash == []


def test_files_without_headers_are_read() -> None:
    """The device prints them, too."""
    files = {name: read_stored_file(file).content or file for name, file in FILES.items()}
    assert read_log(make_filesystem(files, SIZE)) == read_log(make_filesystem(FILES, SIZE))


@pytest.mark.parametrize("damaged", [b"", b"\0", b"a\x7f\x1b\n", FILES["log-0000000009"].replace(b"PB", b"PC")])
def test_a_file_that_is_no_text_is_damaged(damaged: bytes) -> None:
    files = FILES | {"log-0000000010": damaged, "crash": damaged, "crash_log": damaged}
    log = read_log(make_filesystem(files, SIZE))
    assert log.lines == [LINES[0], LINES[-1]]
    assert log.gaps == ["10", "11", "12"]
    assert (log.crash, log.damaged_crash) == ([], ["crash_log", "crash"])


def test_a_far_number_is_one_gap() -> None:
    assert read_log(make_filesystem(FILES | {"log-4294967295": b""}, SIZE)).gaps[-2:] == [
        "14 to 4294967294",
        "4294967295",
    ]


def test_a_whole_flash_is_read_by_its_partition_table() -> None:
    assert read_log(flash(make_filesystem(FILES, SIZE))).lines == LINES


def test_a_cut_off_flash_is_rejected() -> None:
    with pytest.raises(BenchError, match="its partition `storage` ends at 0x50000"):
        read_log(flash(make_filesystem(FILES, SIZE))[:-1])


def test_a_line_has_wall_time_and_fields() -> None:
    entry = parse_line('2024-05-01T12:00:00.250Z W (12) wifi: joined ssid="my \\"net\\\\" rssi=-61')
    assert entry is not None
    assert (entry.level, entry.uptime_ms, entry.tag, entry.text) == ("W", 12, "wifi", "joined")
    assert entry.fields == {"ssid": 'my "net\\', "rssi": "-61"}
    assert entry.wall == datetime(2024, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize("line", ["", "T (1) monitor: {}", "= ok", "2024-13-01T12:00:00.250Z I (1) a: b", "I (x) a: b"])
def test_other_lines_are_none(line: str) -> None:
    assert parse_line(line) is None


@given(st.text())
def test_any_text_is_parsed_or_none(text: str) -> None:
    parse_line(text)
    parse_line(f"I (1) a: {text}")


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), st.text(st.characters(codec="ascii"))))
def test_fields_are_found_again(fields: dict[str, str]) -> None:
    """Quoted as firmware/src/core/text_writer.cpp does."""
    text = "something happened"
    for name, value in fields.items():
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        text += f' {name}="{escaped}"'
    assert split_fields(text) == ("something happened", fields)
