"""The payload of a frame: the text of the frame holds it too, so that the decoded form may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson

T = TypeVar("T")

IN_TEXT = object()
"""In place of a payload: reading it decodes the text of the frame."""

PLACES: Mapping[str, int] = {"CALL": 3, "CALLRESULT": 2, "SEND": 3}
"""The element of a frame that is its payload, by message type (OCPP-J 1.6 section 4.2, 2.1 section 4.2)."""


def decodes_when_read(event_type: type[T]) -> type[T]:
    """Let the field `payload` of a type of event hold `IN_TEXT`.

    A decoded payload takes five times the memory of its text, and most payloads are never read after their answer. The
    first read decodes the text, and keeps the result. The attribute `_payload` holds the payload or `IN_TEXT`.

    Args:
        event_type: a dataclass with slots, with the fields `payload` and `message_type`, and the text in `_raw`.
    """
    slot: Any = getattr(event_type, "payload")  # noqa: B009 - `T` has no such attribute

    def read(event: Any) -> Any:
        payload = slot.__get__(event)
        if payload is IN_TEXT:
            payload = orjson.loads(event._raw)[PLACES[event.message_type]]
            slot.__set__(event, payload)
        return payload

    setattr(event_type, "_payload", slot)  # noqa: B010
    setattr(event_type, "payload", property(read, slot.__set__))  # noqa: B010
    return event_type
