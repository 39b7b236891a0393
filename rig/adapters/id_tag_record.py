"""The records of idTags in the authorization cache and the local list of the device (firmware/FORMAT.md)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_STATUS = ("Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx")
_HAS_EXPIRY = 0x10
_HAS_PARENT = 0x20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_id_tag_record(content: bytes, at: int) -> tuple[dict[str, Any], int]:
    """Read a record.

    Args:
        content: the bytes of a file.
        at: where the record begins.

    Returns:
        The idTag with its IdTagInfo (OCPP 1.6 section 7.27), and the place after the record.

    Raises:
        ValueError: no record begins there, or it is not complete.
    """
    try:
        parts = content[at]
        status = _STATUS[parts & 0x07]
        id_tag, at = _text(content, at + 1)
        record: dict[str, Any] = {"idTag": id_tag, "status": status}
        if parts & _HAS_EXPIRY:
            record["expiryDate"] = timestamp(struct.unpack_from("<q", content, at)[0])
            at += 8
        if parts & _HAS_PARENT:
            record["parentIdTag"], at = _text(content, at)
    except (IndexError, struct.error) as problem:
        raise ValueError(f"no idTag record at byte {at}") from problem
    return record, at


def write_id_tag_record(record: Mapping[str, Any]) -> bytes:
    """Return the bytes of a record.

    Args:
        record: the record as `read_id_tag_record` returns it.

    Raises:
        ValueError: the record has no idTag, or its status is unknown.
    """
    if not isinstance(record.get("idTag"), str) or record.get("status") not in _STATUS:
        raise ValueError(f"not an idTag with its status: {dict(record)!r}")
    expiry, parent = record.get("expiryDate"), record.get("parentIdTag")
    parts = _STATUS.index(record["status"]) | (_HAS_EXPIRY if expiry else 0) | (_HAS_PARENT if parent else 0)
    return b"".join(
        (
            bytes([parts]),
            _bytes(record["idTag"]),
            struct.pack("<q", milliseconds(expiry)) if expiry else b"",
            _bytes(parent) if parent else b"",
        )
    )


def timestamp(unix_ms: int) -> str:
    """Return a time in RFC 3339 with milliseconds, as the device writes it.

    Args:
        unix_ms: milliseconds since 1970.

    Raises:
        ValueError: the year is not in the range from 1 to 9999.
    """
    try:
        moment = _EPOCH + timedelta(milliseconds=unix_ms)
    except OverflowError as problem:
        raise ValueError(f"{unix_ms} ms since 1970 is no time") from problem
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(text: str) -> int:
    """Return a time of RFC 3339 in milliseconds since 1970.

    Raises:
        ValueError: the text is not a time.
    """
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)


def _text(content: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + content[at]
    if end > len(content):
        raise IndexError(end)
    return content[at + 1 : end].decode(errors="replace"), end


def _bytes(text: str) -> bytes:
    return bytes([len(text.encode())]) + text.encode()
