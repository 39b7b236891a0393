"""OCPP-J frames as events of the timeline, and the validation of answers."""

from __future__ import annotations

from typing import Any, Literal

from rig.ocpp import schemas
from rig.ocpp.ocppj import CALL_ERROR_CODES, Call, CallError, CallResult, Message
from rig.timeline.events import MessageType, OcppFrame
from rig.util.redaction import masked_text


def as_event(
    identity: str, direction: Literal["received", "sent"], message: Message, raw: str | bytes, action: str, error: str
) -> OcppFrame:
    """Make the event of a frame.

    Args:
        identity: of the charge point.
        direction: `received` from the charge point, or `sent` to it.
        message: the decoded frame.
        raw: the frame's text, or the bytes of a binary message.
        action: of the CALL, or of the CALL that the frame answers.
        error: the violation that the CSMS found; empty for a valid frame.
    """
    message_type: MessageType = "INVALID"
    payload: Any = None
    match message:
        case Call():
            message_type, payload = "CALL", message.payload
        case CallResult():
            message_type, payload = "CALLRESULT", message.payload
        case CallError():
            message_type = "CALLERROR"
            payload = {"code": message.code, "description": message.description, "details": message.details}
    return OcppFrame(
        source="csms",
        charge_point=identity,
        direction=direction,
        message_type=message_type,
        unique_id=message.unique_id,
        action=action,
        payload=payload,
        error=error,
        raw=_without_secrets(raw),
    )


def _without_secrets(raw: str | bytes) -> str:
    """Return the text of a frame with secrets masked; the bytes of a binary message are shown in hex."""
    if isinstance(raw, str):
        return masked_text(raw)
    text = raw.decode("utf-8", "replace")
    shown = masked_text(text)
    return raw.hex() if shown == text else shown.encode().hex()


def wrong_answer(action: str, message: CallResult | CallError) -> str:
    """Return the error of an answer to `action`; empty for a valid answer."""
    if isinstance(message, CallError):
        if message.code in CALL_ERROR_CODES:
            return ""
        return f"{message.code!r} is not a CALLERROR code of OCPP-J 1.6 section 4.2.3"
    if not action:
        return "a result for a call that could not be read"
    violation = schemas.check(action, message.payload, "response")
    return violation.what if violation else ""
