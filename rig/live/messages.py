"""The messages of a live socket: lines of JSON, with their limits and the kinds of errors (docs/live.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from rig.util.errors import AuthorError, BenchError, DeviceError, ExpectationError, PlugbenchError, WaitEndedError
from rig.util.plain_json import to_json_lossy
from rig.util.redaction import masked

PROTOCOL = 1
"""Incremented when an old client would misread a message."""
LONGEST_LINE = 1 << 20
"""The longest line of a client, in bytes. A frame of the CSMS has the same limit."""


class RequestError(PlugbenchError):
    """A request of a client cannot be carried out.

    Attributes:
        kind: the kind of the error in the reply: `request`, `busy`, `test` or `gone`.
    """

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


def encode(message: Mapping[str, Any]) -> bytes:
    """Encode a message as a line, with masked secrets. Never fails on a value."""
    return to_json_lossy(masked(message)) + b"\n"


def event_line(record: bytes) -> bytes:
    """Return the line for an event.

    Args:
        record: the event as a line of the record, already masked.
    """
    return b'{"event":' + record.rstrip(b"\n") + b"}\n"


def decode(line: bytes) -> dict[str, Any]:
    """Decode a line of either side.

    Raises:
        RequestError: the line is not a JSON object.
    """
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RequestError("request", f"the line is not JSON: {error}. Send one JSON object in each line") from None
    if not isinstance(message, dict):
        raise RequestError("request", "the line is JSON, but not an object. Send one JSON object in each line")
    return message


def error_of(error: BaseException) -> dict[str, str]:
    """Return the `error` of a reply: its kind and the message."""
    match error:
        case RequestError():
            kind = error.kind
        case DeviceError() | ExpectationError():
            kind = "device"
        case AuthorError():
            kind = "request"
        case WaitEndedError():
            return {
                "kind": "gone",
                "message": "the running test ended during the call, which ended its waits. Repeat the call; `rig "
                "pause` holds the session before the next test",
            }
        case BenchError():
            kind = "bench"
        case _:
            return {"kind": "bench", "message": f"{type(error).__name__}: {error}"}
    return {"kind": kind, "message": str(error)}
