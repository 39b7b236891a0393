"""OCPP-J frames as events of the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from rig.ocpp.ocppj import Call, CallError, CallResult, CallResultError, Malformed, Message, Send
from rig.timeline.events import MessageType, OcppFrame
from rig.util.known_secrets import without_known_secrets
from rig.util.redaction import masked_text

_TYPES: Mapping[type[Message], MessageType] = {
    Call: "CALL",
    CallResult: "CALLRESULT",
    CallError: "CALLERROR",
    CallResultError: "CALLRESULTERROR",
    Send: "SEND",
    Malformed: "INVALID",
}


def as_event(
    identity: str,
    direction: Literal["received", "sent"],
    message: Message,
    raw: str | bytes,
    action: str,
    error: str,
    deviation: str = "",
    fault: str = "",
) -> OcppFrame:
    """Make the event of a frame.

    Args:
        identity: the identity of the charge point.
        direction: `received` from the charge point, or `sent` to it.
        message: the decoded frame.
        raw: the frame's text, or the bytes of a binary message.
        action: the action of the CALL, or of the CALL that the frame answers.
        error: the violation that the CSMS found; empty for a valid frame.
        deviation: the violation if real CSMSs tolerate it; empty: none.
        fault: the fault that changed or repeated the frame; empty: none.
    """
    payload: Any = None
    if isinstance(message, CallError | CallResultError):
        payload = {"code": message.code, "description": message.description, "details": message.details}
    elif not isinstance(message, Malformed):
        payload = message.payload
    return OcppFrame(
        source="csms",
        charge_point=identity,
        direction=direction,
        message_type=_TYPES[type(message)],
        unique_id=message.unique_id,
        action=action,
        payload=payload,
        error=error,
        deviation=deviation,
        raw=_kept(raw),
        fault=fault,
    )


def _kept(raw: str | bytes) -> str:
    """Return the text of a frame for its event; for a binary message, the masked text in hex.

    The event masks a text each time that it is read.
    """
    if isinstance(raw, str):
        return without_known_secrets(raw)  # known now, perhaps no longer when the event is read
    text = raw.decode("utf-8", "replace")
    shown = masked_text(text)
    return raw.hex() if shown == text else shown.encode().hex()
