"""Conversion of the device's files between the formats of firmware/FORMAT.md."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from rig.adapters.id_tag_record import write_id_tag_record
from rig.adapters.stored_content import CACHE_ENTRY, CACHE_EPOCH, cache_entries, sealed, unsealed
from rig.adapters.stored_file import read_stored_file, with_header


class Format(StrEnum):
    """The formats, the oldest first. `none` is the format of firmware 0.1.0, without headers."""

    NONE = "none"
    V1 = "1"


_VOLTAGE_AT = 46
_CRC_END = 5
_DEFAULT_VOLTAGE = 230
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

    Damaged files and files of a newer firmware stay as they are.

    Args:
        files: all bytes of each file, by name.
        to: the format of the result.
    """
    result = Converted({}, [])
    contents: dict[str, bytes] = {}
    for name, file in files.items():
        stored = read_stored_file(file)
        if stored.state == "sound":
            contents[name] = stored.content
        else:
            result.files[name] = file
            result.notes.append(f"{name} is {stored.state}: it stays as it is")
    if to is Format.NONE:
        _to_none(contents, result)
    else:
        _to_1(contents, result)
    return result


def _to_1(contents: dict[str, bytes], result: Converted) -> None:
    voltage = _settings(contents).get("nominal_voltage_v", _DEFAULT_VOLTAGE)
    for name, content in contents.items():
        converted = content
        if name.startswith(("tx-", "txd-")) and content[:1] in {b"M", b"S"}:
            converted = _batch(content.lower()[:1], content[_CRC_END:_VOLTAGE_AT], voltage, content[_VOLTAGE_AT:])
            result.notes.append(f"{name} had no voltage: it has {voltage} V, the one of the settings")
        elif name == "auth_cache" and content.startswith(b"["):
            _write_cache(json.loads(content), result)
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
            converted = _read_cache(json.loads(content), contents, result)
        result.files[name] = converted
    left_out = [name for name in _NEW_FILES if name in contents]
    if left_out:
        result.notes.append(f"left out, because the format does not have them: {', '.join(left_out)}")


def _settings(contents: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        settings = json.loads(contents["config.json"])
    except (KeyError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def _batch(magic: bytes, head: bytes, voltage: int | None, samples: bytes) -> bytes:
    rest = head + (b"" if voltage is None else struct.pack("<H", voltage)) + samples
    return magic + struct.pack("<I", zlib.crc32(rest)) + rest


def _older_ledger(name: str, content: bytes, result: Converted) -> bytes:
    try:
        ledger = unsealed(content)
    except ValueError as problem:
        result.notes.append(f"{name} stays as it is: {problem}")
        return content
    lost = [key for key in _NEW_KEYS if ledger.pop(key, 0)]
    if lost:
        result.notes.append(f"{name} loses {' and '.join(lost)}")
    return sealed(ledger)


def _write_cache(entries: list[dict[str, Any]], result: Converted) -> None:
    known = [entry for entry in entries if "idTag" in entry]
    state = {"epoch": 0, "incomplete": len(known) != len(entries)}
    result.files["auth_cache"] = with_header(json.dumps(state, separators=(",", ":")).encode())
    for first in range(0, len(known), _SLOTS):
        content = CACHE_EPOCH.pack(0) + b"".join(
            CACHE_ENTRY.pack(slot, first + slot + 1) + write_id_tag_record(entry)
            for slot, entry in enumerate(known[first : first + _SLOTS])
        )
        result.files[f"cache-{first // _SLOTS:010d}"] = with_header(content)


def _read_cache(state: dict[str, Any], contents: Mapping[str, bytes], result: Converted) -> bytes:
    found: list[tuple[int, dict[str, Any]]] = []
    incomplete = bool(state.get("incomplete"))
    for name, content in contents.items():
        if not name.startswith("cache-") or CACHE_EPOCH.unpack_from(content)[0] != state.get("epoch", 0):
            continue
        try:
            found += [(used, record) for _, used, record in cache_entries(content)]
        except ValueError as problem:
            incomplete = True
            result.notes.append(f"{name} is left out: {problem}")
    newest = [record for _, record in sorted(found, key=lambda entry: entry[0])][-_OLD_ENTRIES:]
    if len(newest) < len(found):
        result.notes.append(f"the authorization cache keeps the latest {len(newest)} of {len(found)} entries")
    entries: list[dict[str, Any]] = [{}] if incomplete else []
    return json.dumps(entries + newest, separators=(",", ":"), ensure_ascii=False).encode()
