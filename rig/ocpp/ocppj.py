"""Read and write OCPP-J frames, the text messages on the WebSocket (OCPP-J 1.6 section 4.2, 2.1 section 4.2).

This layer uses no socket and no schema. It can also write invalid frames, for tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from rig.ocpp.versions import V16, Version

MAX_UNIQUE_ID = 36
"""Longest unique id, in characters (OCPP-J 1.6 section 4.1.4)."""

MAX_DESCRIPTION = 255
"""Longest description of a CALLERROR, in characters (OCPP-J 1.6 section 4.2.3)."""

_SURELY_WRITABLE = 250
"""Levels of nesting that orjson can write; it can read four times as many."""

UNREADABLE_ID = "-1"
"""The unique id of a CALLERROR for a message whose id cannot be read (OCPP-J 2.0.1 section 4.2.3)."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `[2, unique_id, action, payload]` (section 4.2.1)."""

    unique_id: str
    action: str
    payload: Any

    def text(self) -> str:
        """Return the frame as on the wire."""
        return orjson.dumps([2, self.unique_id, self.action, self.payload]).decode()


@dataclass(frozen=True, slots=True)
class CallResult:
    """A response: `[3, unique_id, payload]` (section 4.2.2)."""

    unique_id: str
    payload: Any

    def text(self) -> str:
        """Return the frame as on the wire."""
        return orjson.dumps([3, self.unique_id, self.payload]).decode()


@dataclass(frozen=True, slots=True)
class CallError:
    """An error response: `[4, unique_id, code, description, details]` (section 4.2.3).

    An error response that a test prepares has no `unique_id` yet; it gets the id of the call.
    """

    code: str
    description: str = ""
    details: Any = field(default_factory=dict)
    unique_id: str = ""

    def text(self) -> str:
        """Return the frame as on the wire."""
        return orjson.dumps([4, self.unique_id, self.code, self.description, self.details]).decode()


@dataclass(frozen=True, slots=True)
class CallResultError:
    """An error response to a response: `[5, unique_id, code, description, details]` (OCPP-J 2.1 section 4.2.3)."""

    code: str
    description: str = ""
    details: Any = field(default_factory=dict)
    unique_id: str = ""

    def text(self) -> str:
        """Return the frame as on the wire."""
        return orjson.dumps([5, self.unique_id, self.code, self.description, self.details]).decode()


@dataclass(frozen=True, slots=True)
class Send:
    """A message without a response: `[6, unique_id, action, payload]` (OCPP-J 2.1 section 4.2.4)."""

    unique_id: str
    action: str
    payload: Any

    def text(self) -> str:
        """Return the frame as on the wire."""
        return orjson.dumps([6, self.unique_id, self.action, self.payload]).decode()


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that is no OCPP-J frame: the reason, and its unique id if it could be read (else empty).

    `call` is true if its message type is CALL, so that a CALLERROR can answer it. `corrupt` is true if it is no
    JSON array, so that not even its message type is known.
    """

    why: str
    unique_id: str = ""
    call: bool = False
    corrupt: bool = False


Message = Call | CallResult | CallError | CallResultError | Send | Malformed


def parse(raw: str | bytes, version: Version = V16) -> Message:
    """Parse one WebSocket message. Never raise: return an invalid message as `Malformed`.

    Args:
        raw: the text, or the bytes of a binary message.
        version: the version of OCPP, which defines the message types.
    """
    if not isinstance(raw, str):
        return Malformed("a binary message: OCPP-J frames are text (OCPP-J 1.6 section 4.1.2)")
    try:
        frame = orjson.loads(raw)
        if raw.count("[") + raw.count("{") > _SURELY_WRITABLE:
            orjson.dumps(frame)  # raises for a depth that no later code could write
    except orjson.JSONDecodeError as error:
        return Malformed(f"no JSON: {error}", corrupt=True)
    except orjson.JSONEncodeError:
        return Malformed("nested too deeply", corrupt=True)
    if not isinstance(frame, list):
        return Malformed(f"a JSON array is expected, not {_kind(frame)}", corrupt=True)
    if not frame:
        return Malformed("an empty array", corrupt=True)
    message_type, unique_id = frame[0], frame[1] if len(frame) > 1 else None
    known_id = unique_id if isinstance(unique_id, str) and len(unique_id) <= MAX_UNIQUE_ID else ""
    lengths = version.frame_lengths
    if isinstance(message_type, bool) or not isinstance(message_type, int) or message_type not in lengths:
        *most, last = map(str, lengths)
        known = f"{', '.join(most)} and {last} exist"
        return Malformed(f"message type {orjson.dumps(message_type).decode()}: {known}", known_id)
    call = message_type == 2
    if not known_id:
        return Malformed(
            f"the unique id must be a string of 1 to {MAX_UNIQUE_ID} characters, not {_kind(unique_id)}", call=call
        )
    length = lengths[message_type]
    if len(frame) != length:
        return Malformed(f"{len(frame)} elements where message type {message_type} has {length}", known_id, call)
    if message_type in (2, 6):
        if not isinstance(frame[2], str):
            return Malformed(f"the action must be a string, not {_kind(frame[2])}", known_id, call)
        return (Call if call else Send)(known_id, frame[2], frame[3])
    if message_type == 3:
        return CallResult(known_id, frame[2])
    if not (isinstance(frame[2], str) and isinstance(frame[3], str) and isinstance(frame[4], dict)):
        name = "CALLERROR" if message_type == 4 else "CALLRESULTERROR"
        return Malformed(f"a {name} has a code (string), a description (string) and details (object)", known_id)
    made = CallError if message_type == 4 else CallResultError
    return made(frame[2], frame[3], frame[4], known_id)


def _kind(value: Any) -> str:
    """Return a JSON value's type in words."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "nothing"}
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    return names.get(type(value), "a number")
