"""The contents of the device's files as JSON values, by kind of file (firmware/FORMAT.md)."""

from __future__ import annotations

import json
import re
import struct
import zlib
from typing import Any

import orjson

from rig.adapters.id_tag_record import read_id_tag_record
from rig.adapters.meter_batch import read_batch

CACHE_EPOCH = struct.Struct("<I")
CACHE_ENTRY = struct.Struct("<BI")
_NUMBERED = re.compile(r"(?P<kind>[a-z]+)-[0-9]{10}")
_SEAL = re.compile(rb"[0-9a-f]{8} ")


def decode(name: str, content: bytes) -> Any:
    """Decode the content of a file.

    Args:
        name: the name of the file.
        content: the content without the header.

    Returns:
        A JSON value; None for a kind of file that this version does not know.

    Raises:
        ValueError: the content does not fit the name; the message has the reason.
    """
    numbered = _NUMBERED.fullmatch(name)
    kind = numbered["kind"] if numbered else name
    if kind in {"tx", "txd"}:
        return unsealed(content) if _SEAL.match(content) else read_batch(content)
    if kind in {"ledger", "ledger_copy", "start_copy"}:
        return unsealed(content)
    if kind == "cache":
        return _cache(content)
    if kind == "list":
        return _list(content)
    if kind in {"last_time", "server_time"}:
        return content.decode()
    if kind in {"log", "crash", "crash_log"}:
        return content.decode(errors="replace").splitlines()
    return orjson.loads(content) if kind.endswith(".json") or kind in {"auth_cache", "auth_list"} else None


def unsealed(content: bytes) -> Any:
    """Return the JSON value of a sealed content.

    Raises:
        ValueError: the CRC does not match, or the content is no JSON.
    """
    if not _SEAL.match(content) or int(content[:8], 16) != zlib.crc32(content[9:]):
        raise ValueError("its seal does not match")
    return orjson.loads(content[9:])


def sealed(value: Any) -> bytes:
    """Return a JSON value as sealed content."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return b"%08x " % zlib.crc32(text) + text


def cache_entries(content: bytes) -> list[tuple[int, int, dict[str, Any]]]:
    """Return the entries of a cache file: slot, number of the last change, idTag with IdTagInfo.

    Raises:
        ValueError: the content is not complete.
    """
    entries = []
    at = CACHE_EPOCH.size
    while at < len(content):
        if at + CACHE_ENTRY.size > len(content):
            raise ValueError(f"an entry of the cache is not complete at byte {at}")
        slot, used = CACHE_ENTRY.unpack_from(content, at)
        record, at = read_id_tag_record(content, at + CACHE_ENTRY.size)
        entries.append((slot, used, record))
    return entries


def _cache(content: bytes) -> dict[str, Any]:
    if len(content) < CACHE_EPOCH.size:
        raise ValueError("it has no epoch")
    entries = [{"slot": slot, "used": used, **record} for slot, used, record in cache_entries(content)]
    return {"epoch": CACHE_EPOCH.unpack_from(content)[0], "entries": entries}


def _list(content: bytes) -> list[dict[str, Any]]:
    records = []
    at = 0
    while at < len(content):
        record, at = read_id_tag_record(content, at)
        records.append(record)
    return records
