"""Conversion of the device's files between the formats of firmware/FORMAT.md."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from rig.adapters.id_tag_record import write_id_tag_record
from rig.adapters.stored_content import CACHE_ENTRY, CACHE_EPOCH, cache_entries, decode, sealed, unsealed
from rig.adapters.stored_file import read_stored_file, with_header


class Format(StrEnum):
    """The formats, the oldest first. `none`, of early builds of firmware 0.1.0, has no headers."""

    NONE = "none"
    V1 = "1"


_VOLTAGE_AT = 46
_CRC_END = 5
_DEFAULT_VOLTAGE = 230
_LARGEST_VOLTAGE = 0xFFFF
_SLOTS = 8
_OLD_ENTRIES = 16
_NEW_KEYS = ("last_sent", "start_sent")
_NEW_FILES = ("config_copy.json", "trial_network.json", "trial_csms.json", "start_copy")


class Converted(NamedTuple):
    """The files of another format.

    Attributes:
        files: all bytes of each file, by name.
        notes: the parts that the conversion could not keep, or did not touch; one sentence each.
    """

    files: dict[str, bytes]
    notes: list[str]


def convert(files: Mapping[str, bytes], to: Format) -> Converted:
    """Convert the files of a device.

    Damaged files, unreadable files and files of a newer firmware stay as they are.

    Args:
        files: all bytes of each file, by name.
        to: the format of the result.
    """
    result = Converted({}, [])
    contents: dict[str, bytes] = {}
    for name, file in files.items():
        stored = read_stored_file(file)
        state = _state(name, stored.content) if stored.state == "sound" else stored.state
        if state == "sound":
            contents[name] = stored.content
        else:
            result.files[name] = file
            result.notes.append(f"{name} is {state}: it stays as it is")
    if to is Format.NONE:
        _to_none(contents, result)
    else:
        _to_1(contents, result)
    return result


def _state(name: str, content: bytes) -> str:
    try:
        decode(name, content)
    except ValueError as problem:
        return f"unreadable ({problem})"
    return "sound"


def _to_1(contents: dict[str, bytes], result: Converted) -> None:
    voltage, origin = _voltage(contents)
    for name, content in contents.items():
        converted = content
        if name.startswith(("tx-", "txd-")) and content[:1] in {b"M", b"S"}:
            converted = _batch(content.lower()[:1], content[_CRC_END:_VOLTAGE_AT], voltage, content[_VOLTAGE_AT:])
            result.notes.append(f"{name} had no voltage: it gets {voltage} V {origin}")
        elif name == "auth_cache" and content.startswith(b"["):
            _write_cache(orjson.loads(content), result)
            continue
        result.files[name] = with_header(converted)


def _to_none(contents: dict[str, bytes], result: Converted) -> None:
    for name, content in contents.items():
        converted = content
        if name in _NEW_FILES or name.startswith("cache-"):
            continue
        if name.startswith(("tx-", "txd-")) and content[:1] in {b"m", b"s"}:
            converted = _batch(content.upper()[:1], content[_CRC_END:_VOLTAGE_AT], None, content[_VOLTAGE_AT + 2 :])
            result.notes.append(f"{name} loses its voltage")
        elif name in {"ledger", "ledger_copy"}:
            converted = _older_ledger(name, content, result)
        elif name == "auth_cache" and content.startswith(b"{"):
            converted = _read_cache(orjson.loads(content), contents, result)
        result.files[name] = converted
    left_out = [name for name in _NEW_FILES if name in contents]
    if left_out:
        result.notes.append(f"left out, because the format does not have them: {', '.join(left_out)}")


def _voltage(contents: Mapping[str, bytes]) -> tuple[int, str]:
    """Return the nominal voltage in volts, and its origin."""
    settings = orjson.loads(contents.get("config.json", b"{}"))
    voltage = settings.get("nominal_voltage_v") if isinstance(settings, dict) else None
    if isinstance(voltage, int) and 0 <= voltage <= _LARGEST_VOLTAGE:
        return voltage, "from the settings"
    return _DEFAULT_VOLTAGE, "by default"


def _batch(magic: bytes, head: bytes, voltage: int | None, samples: bytes) -> bytes:
    rest = head + (b"" if voltage is None else struct.pack("<H", voltage)) + samples
    return magic + struct.pack("<I", zlib.crc32(rest)) + rest


def _older_ledger(name: str, content: bytes, result: Converted) -> bytes:
    ledger = unsealed(content)
    if not isinstance(ledger, dict):
        return content
    lost = [key for key in _NEW_KEYS if ledger.pop(key, 0)]
    if lost:
        result.notes.append(f"{name} loses {' and '.join(lost)}")
    return sealed(ledger)


def _write_cache(entries: list[Any], result: Converted) -> None:
    known = [record for entry in entries if (record := _record(entry))]
    state = {"epoch": 0, "incomplete": len(known) != len(entries)}
    result.files["auth_cache"] = with_header(json.dumps(state, separators=(",", ":")).encode())
    for first in range(0, len(known), _SLOTS):
        content = CACHE_EPOCH.pack(0) + b"".join(
            CACHE_ENTRY.pack(slot, first + slot + 1) + record
            for slot, record in enumerate(known[first : first + _SLOTS])
        )
        result.files[f"cache-{first // _SLOTS:010d}"] = with_header(content)


def _record(entry: Any) -> bytes:
    """Return the record of an entry; empty if the entry is invalid."""
    try:
        return write_id_tag_record(entry)
    except (ValueError, TypeError, AttributeError):  # JSON of any shape
        return b""


def _read_cache(state: dict[str, Any], contents: Mapping[str, bytes], result: Converted) -> bytes:
    found: list[tuple[int, dict[str, Any]]] = []
    incomplete = bool(state.get("incomplete")) or any(name.startswith("cache-") for name in result.files)
    for name, content in contents.items():
        if not name.startswith("cache-") or CACHE_EPOCH.unpack_from(content)[0] != state.get("epoch", 0):
            continue
        found += [(used, record) for _, used, record in cache_entries(content)]
    newest = [record for _, record in sorted(found, key=lambda entry: entry[0])][-_OLD_ENTRIES:]
    if len(newest) < len(found):
        result.notes.append(f"the authorization cache keeps the latest {len(newest)} of {len(found)} entries")
    entries: list[dict[str, Any]] = [{}] if incomplete else []
    return json.dumps(entries + newest, separators=(",", ":"), ensure_ascii=False).encode()
