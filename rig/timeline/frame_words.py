"""Formats OCPP frames as text: for messages, the terminal, the full log and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from rig.timeline.events import MessageType, OcppFrame
from rig.util.redaction import masked_text
from rig.util.text import one_line, visible

PAYLOAD_WIDTH = 160
"""The default number of characters of a payload in a line."""

# The fields that identify a CALL (OCPP 1.6 section 6), most important first.
_KEY_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Authorize": ("idTag",),
    "BootNotification": ("chargePointModel", "firmwareVersion", "reason"),
    "ChangeAvailability": ("connectorId", "type", "operationalStatus"),
    "ChangeConfiguration": ("key", "value"),
    "DataTransfer": ("vendorId", "messageId"),
    "DiagnosticsStatusNotification": ("status",),
    "FirmwareStatusNotification": ("status",),
    "GetConfiguration": ("key",),
    "MeterValues": ("transactionId",),
    "RemoteStartTransaction": ("idTag", "connectorId"),
    "RemoteStopTransaction": ("transactionId",),
    "Reset": ("type",),
    "StartTransaction": ("idTag", "meterStart", "connectorId"),
    "StatusNotification": ("status", "errorCode", "connectorStatus", "evseId", "connectorId"),
    "StopTransaction": ("transactionId", "reason", "meterStop"),
    "TransactionEvent": ("eventType", "triggerReason", "seqNo"),
    "TriggerMessage": ("requestedMessage",),
    "UnlockConnector": ("evseId", "connectorId"),
}
_CONNECTOR_STATUS = "connectorStatus"  # the name in OCPP 2.x
# The only field of a CALL that a picture shows.
_SHORT_FIELD: Mapping[str, str] = {
    "Authorize": "idTag",
    "ChangeAvailability": "type",
    "ChangeConfiguration": "key",
    "RemoteStartTransaction": "idTag",
    "Reset": "type",
    "StatusNotification": "status",
    "StopTransaction": "reason",
    "TransactionEvent": "eventType",
    "TriggerMessage": "requestedMessage",
}
_SUFFIXES: Mapping[MessageType, str] = {
    "CALL": "",
    "CALLRESULT": " result",
    "CALLERROR": " ERROR",
    "CALLRESULTERROR": " RESULT ERROR",
    "SEND": " send",
    "INVALID": "",
}
_DELETE = "\x7f"
_EXPECTED = {"Accepted", "NoError", ""}


def frame_line(frame: OcppFrame, width: int = PAYLOAD_WIDTH) -> str:
    """Format a frame for a message, with masked secrets: direction, id, action, payload and error.

    Args:
        frame: the frame.
        width: the longest payload that is not truncated, in characters.
    """
    is_clean = frame.is_clean
    if frame.message_type == "INVALID":
        body = visible(_limited(frame.raw, width))
    else:
        body = _limited(payload_json(frame.payload if is_clean else frame.shown), width)
    title = frame_title(frame, is_clean=is_clean)
    return f"{title}{body}{visible(_wrong_words(frame, '!!'))}{_fault_words(frame)}"


def _limited(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[:width]}… ({len(text)} characters)"


def _wrong_words(frame: OcppFrame, sign: str) -> str:
    """Return the violation in a frame, with its grade if real CSMSs tolerate it."""
    if frame.error:
        grade = f" (real CSMSs tolerate it: {frame.deviation.partition(':')[0]})" if frame.deviation else ""
        return f"  {sign} {masked_text(frame.error)}{grade}"
    return f"  ! tolerated: {masked_text(frame.deviation)}" if frame.deviation else ""


def _fault_words(frame: OcppFrame) -> str:
    return f"  ({frame.fault})" if frame.fault else ""


def frame_title(frame: OcppFrame, *, is_clean: bool = False) -> str:
    """Format the part of `frame_line` before the payload.

    Args:
        frame: the frame.
        is_clean: whether the text of the frame, and so its unique id, holds no secret.
    """
    arrow = "→" if frame.direction == "received" else "←"
    suffix = _SUFFIXES[frame.message_type]
    action = "INVALID" if frame.message_type == "INVALID" else masked_text(frame.action) or "?"
    unique_id = frame.unique_id if is_clean else masked_text(frame.unique_id)
    return visible(f"{arrow} [{unique_id or '?'}] {action}{suffix} ")


def frame_log(frame: OcppFrame) -> str:
    """Format a whole frame for the full log."""
    arrow = "charge point → CSMS" if frame.direction == "received" else "CSMS → charge point"
    wrong = _wrong_words(frame, "WRONG:")
    if frame.message_type == "INVALID":
        return f"{arrow}  INVALID {frame.raw}{wrong}{_fault_words(frame)}"
    payload = payload_json(frame.shown)
    return f"{arrow}  {frame.message_type} {frame.action} [{frame.unique_id}] {payload}{wrong}{_fault_words(frame)}"


def frame_name(frame: OcppFrame) -> str:
    """Return the name of a frame for a chart of the exchange: its action, and the kind of answer."""
    name = one_line(frame.action)
    match frame.message_type:
        case "INVALID":
            return "not OCPP"
        case "CALLRESULT":
            return f"{name} answer".strip()
        case "CALLERROR" | "CALLRESULTERROR":
            return f"{name} {frame.message_type}".strip()
        case _:
            return name


def exchange_words(call: OcppFrame, answer: OcppFrame | None = None) -> str:
    """Summarize a CALL and its answer, if any, in a few words: `Authorize TAG → Blocked`."""
    text = call_short(call)
    if call.error:
        text += " wrong: " + one_line(call.error)
    said = answer_short(answer) if answer is not None else ""
    return f"{text} → {said}" if said else text


def stray_words(frame: OcppFrame) -> str:
    """Summarize a frame that is neither a CALL nor the answer to one, such as a SEND."""
    if frame.message_type == "INVALID":
        return "not OCPP: " + one_line(frame.error or frame.raw)
    if frame.message_type in ("SEND", "CALLRESULTERROR"):
        return frame_name(frame)
    return f"answer to no call: {one_line(frame.action or frame.unique_id)}"


def payload_json(payload: Any) -> str:
    """Format a payload as one line of JSON."""
    try:
        text = orjson.dumps(payload, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return one_line(repr(payload))
    return text if text.isascii() and _DELETE not in text else visible(text)  # JSON escapes all other ASCII controls


def status_of(answer: OcppFrame) -> str:
    """Return the status in an answer, or in its idTagInfo; empty if it has none."""
    payload = answer.payload
    if not isinstance(payload, Mapping):
        return ""
    info = payload.get("idTagInfo")
    status = payload.get("status") or (info.get("status") if isinstance(info, Mapping) else "")
    return one_line(str(status or ""))


def call_short(call: OcppFrame) -> str:
    """Summarize a CALL: its action and its most important field."""
    action = one_line(call.action) or "CALL without action"
    payload = call.shown
    name = _SHORT_FIELD.get(call.action, "")
    value = payload.get(name, payload.get(_CONNECTOR_STATUS)) if name and isinstance(payload, Mapping) else None
    if value in (None, ""):
        return action
    whole = call.action == "StatusNotification" and payload.get("connectorId") == 0  # the charge point itself
    return f"{action} {one_line(str(value))}{' (connector 0)' if whole else ''}"


def answer_short(answer: OcppFrame) -> str:
    """Summarize the unexpected part of an answer; empty if there is none."""
    if answer.error:
        return "wrong: " + one_line(answer.error)
    if answer.message_type == "CALLERROR":
        return _error_code(answer)
    status = status_of(answer)
    if status in _EXPECTED and answer.action != "BootNotification":
        return ""
    return status


def _error_code(answer: OcppFrame) -> str:
    payload = answer.payload
    if isinstance(payload, Mapping):
        code = payload.get("errorCode") or payload.get("code") or ""
    elif isinstance(payload, list | tuple) and payload:
        code = payload[0]
    elif isinstance(payload, str):
        code = payload
    else:
        code = ""
    return f"CALLERROR {one_line(str(code))}".rstrip()


def frame_fields(frame: OcppFrame) -> str:
    """Format the main fields of a frame for a chart of the exchange: `status=Charging connectorId=1`."""
    if frame.error:
        return one_line(frame.error)
    if frame.message_type == "INVALID":
        return one_line(frame.raw)[:200]
    if frame.message_type in ("CALLERROR", "CALLRESULTERROR"):
        return payload_json(frame.shown)[:200]
    payload = frame.shown
    if not isinstance(payload, Mapping):
        return ""
    if frame.message_type == "CALLRESULT":
        parts = [f"status={status}"] if (status := status_of(frame)) else []
        names = ["transactionId", "interval", "currentTime"]
    else:
        metered = frame.action in ("MeterValues", "TransactionEvent")
        parts = [energy] if metered and (energy := _energy(payload)) else []
        names = list(_KEY_FIELDS.get(frame.action, ())) or [
            k for k, v in payload.items() if not isinstance(v, dict | list)
        ]
    parts += [f"{name}={one_line(scalar(payload[name]))}" for name in names if name in payload][:4]
    return " ".join(part for part in parts if part != "errorCode=NoError")


def scalar(value: Any) -> str:
    """Return a text unchanged, any other value as JSON."""
    return value if isinstance(value, str) else payload_json(value)


def _energy(payload: Mapping[str, Any]) -> str:
    """Return the energy register in meter values, the default measurand (OCPP 1.6 section 7.43)."""
    try:
        for meter_value in payload.get("meterValue", ()):
            for sample in meter_value["sampledValue"]:
                if sample.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register":
                    unit = sample.get("unit") or sample.get("unitOfMeasure", {}).get("unit", "Wh")
                    return f"energy={sample['value']} {unit}"
    except (KeyError, TypeError, AttributeError):
        pass
    return ""
