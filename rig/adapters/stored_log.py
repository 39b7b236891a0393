"""The log of this project's firmware: its grammar (docs/log-format.md), and its files in a flash image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from rig.adapters.stored_file import read_stored_file
from rig.firmware.filesystem import read_filesystem
from rig.firmware.partitions import TABLE_OFFSET, TABLE_SIZE, from_binary
from rig.util.errors import BenchError

PREFIX = "log-"
CRASH = "crash"
CRASH_LOG = "crash_log"

# Digits are limited: a device may print anything, and `int` raises at thousands of digits.
_LINE = re.compile(
    r"(?:(?P<wall>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z) )?"
    r"(?P<level>[EWID]) \((?P<uptime>[0-9]{1,15})\) (?P<tag>[^:\s]+): ?(?P<text>.*)",
    re.DOTALL,
)
_FIELD = re.compile(r' (?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>"(?:[^"\\]|\\.)*"|[^\s="\\]+)$')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line of the log.

    Attributes:
        level: `E`, `W`, `I` or `D`.
        uptime_ms: milliseconds since the boot.
        tag: the feature.
        text: the text without the fields at its end.
        fields: the `key=value` fields at the end of the text, without quotes.
        wall: the time of day; None if the device did not know it.
    """

    level: str
    uptime_ms: int
    tag: str
    text: str
    fields: Mapping[str, str]
    wall: datetime | None


def parse_line(line: str) -> LogEntry | None:
    """Parse a line of the console or of a stored log; None if it is not a line of the log.

    Args:
        line: the line without its end, and without the `L ` of the command `log`.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    text, fields = split_fields(match["text"])
    try:
        wall = datetime.fromisoformat(match["wall"]) if match["wall"] else None
    except ValueError:  # such as month 13
        return None
    return LogEntry(match["level"], int(match["uptime"]), match["tag"], text, fields, wall)


def split_fields(text: str) -> tuple[str, dict[str, str]]:
    """Split the `key=value` fields off the end of a text.

    Args:
        text: a text such as `joined ssid="my network" rssi=-61`.

    Returns:
        The text before the fields, and the fields in their order. A name that occurs twice has its last value.
    """
    found: list[tuple[str, str]] = []
    while match := _FIELD.search(text):
        value = match["value"]
        found.append((match["name"], _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value))
        text = text[: match.start()]
    return text, dict(reversed(found))


@dataclass(frozen=True, slots=True)
class StoredLog:
    """The log in the storage partition of a device.

    Attributes:
        lines: the lines of all files, the oldest first.
        crash: the log before the last crash, and the line about it; empty without a crash.
        gaps: the numbers of files that are damaged, or missing between others: `7`, `9 to 12`.
        damaged_crash: the names of damaged files about the last crash.
    """

    lines: list[str]
    crash: list[str]
    gaps: list[str]
    damaged_crash: list[str]


def read_log(image: bytes) -> StoredLog:
    """Read the log from a flash image.

    Args:
        image: the whole flash, or only its storage partition.

    Raises:
        BenchError: the image has no partition `storage`, or no valid file system in it.
    """
    files = read_filesystem(storage_of(image))
    numbered = {int(name.removeprefix(PREFIX)): file for name, file in files.items() if _is_numbered(name)}
    contents = {number: _content_of(numbered[number]) for number in sorted(numbered)}
    missing = [range(low + 1, high) for low, high in pairwise(contents) if high > low + 1]
    damaged = [range(number, number + 1) for number, content in contents.items() if content is None]
    crash = {name: _content_of(files[name]) for name in (CRASH_LOG, CRASH) if name in files}
    return StoredLog(
        [line for content in contents.values() for line in _lines(content)],
        [line for content in crash.values() for line in _lines(content)],
        [_in_words(gap) for gap in sorted(missing + damaged, key=lambda gap: gap.start)],
        [name for name, content in crash.items() if content is None],
    )


def _content_of(file: bytes) -> bytes | None:
    """Return the content of a file of the log; None if it is damaged.

    A file without a header, as `rig storage convert --to none` writes it, has no checksum. A file with a damaged header
    looks the same, but the header has control characters.
    """
    stored = read_stored_file(file)
    is_text = all(byte >= ord(" ") or byte == ord("\n") for byte in stored.content)
    return stored.content if file and stored.state == "sound" and is_text else None


def _in_words(gap: range) -> str:
    return str(gap.start) if len(gap) == 1 else f"{gap.start} to {gap.stop - 1}"


def storage_of(image: bytes) -> bytes:
    """Return the storage partition of a flash image; an image without a partition table is that partition.

    Raises:
        BenchError: the partition table has no partition `storage` inside the image.
    """
    try:
        table = from_binary(image[TABLE_OFFSET : TABLE_OFFSET + TABLE_SIZE])
    except ValueError:
        return image
    try:
        storage = table["storage"]
    except KeyError as problem:
        raise BenchError(
            f"the image has no storage: {problem.args[0]}", "Read the flash of a device with this firmware"
        ) from None
    if storage.end > len(image):
        raise BenchError(
            f"the image has {len(image):#x} bytes, and its partition `storage` ends at {storage.end:#x}",
            "Read the whole flash, for instance with `esptool read-flash 0 ALL FILE`",
        )
    return image[storage.offset : storage.end]


def _is_numbered(name: str) -> bool:
    number = name.removeprefix(PREFIX)
    return name.startswith(PREFIX) and number.isascii() and number.isdecimal() and len(number) <= 10


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode(errors="replace").split("\n")[:-1]
