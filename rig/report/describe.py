"""Events in words: short for pictures, whole for the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from rig.report.text import number, one_line
from rig.timeline.events import (
    AccessPointChange,
    BenchTrouble,
    Boot,
    ClockScale,
    Event,
    FaultInjected,
    FaultLifted,
    Flashed,
    LedPattern,
    LinkChange,
    LogLine,
    Measurement,
    Note,
    OcppFrame,
    Panic,
    PinEdge,
    PowerChange,
    TelemetrySample,
)

# What the levels of a signal mean to a person (docs/design.md section 3): (low, high).
LEVELS: Mapping[str, tuple[str, str]] = {
    "cable": ("", "plugged in"),
    "vehicle_ready": ("", "draws"),
    "emergency_stop": ("", "pressed"),
    "auth_button": ("", "held"),
    "power_fail": ("", "mains gone"),
    "lock_feedback": ("", "locked"),
    "contactor": ("open", "closed"),
    "lock": ("", "driven"),
    "en": ("", "in reset"),
    "boot": ("", "held"),
}

# The fields of a CALL that tell one from another (OCPP 1.6 section 6), in the order of their weight.
_KEY_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Authorize": ("idTag",),
    "BootNotification": ("chargePointModel", "firmwareVersion"),
    "ChangeAvailability": ("connectorId", "type"),
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
    "StatusNotification": ("status", "errorCode", "connectorId"),
    "StopTransaction": ("transactionId", "reason", "meterStop"),
    "TriggerMessage": ("requestedMessage",),
    "UnlockConnector": ("connectorId",),
}
# The one of them that is worth its room in a picture.
_SHORT_FIELD: Mapping[str, str] = {
    "Authorize": "idTag",
    "ChangeAvailability": "type",
    "ChangeConfiguration": "key",
    "RemoteStartTransaction": "idTag",
    "Reset": "type",
    "StatusNotification": "status",
    "StopTransaction": "reason",
    "TriggerMessage": "requestedMessage",
}
_EXPECTED = {"Accepted", "NoError", ""}


def payload_json(payload: Any) -> str:
    """`payload` as one line of JSON."""
    try:
        return orjson.dumps(payload, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return one_line(repr(payload))


def status_of(answer: OcppFrame) -> str:
    """The status in an answer: its own, or its idTagInfo's; empty where it has none."""
    payload = answer.payload
    if not isinstance(payload, Mapping):
        return ""
    info = payload.get("idTagInfo")
    status = payload.get("status") or (info.get("status") if isinstance(info, Mapping) else "")
    return one_line(str(status or ""))


def call_short(call: OcppFrame) -> str:
    """A CALL in a few words: its action, and the field that says most."""
    action = one_line(call.action) or "CALL without action"
    payload = call.shown
    value = payload.get(_SHORT_FIELD.get(call.action, "")) if isinstance(payload, Mapping) else None
    if value in (None, ""):
        return action
    whole = call.action == "StatusNotification" and payload.get("connectorId") == 0  # of the charge point itself
    return f"{action} {one_line(str(value))}{' (connector 0)' if whole else ''}"


def answer_short(answer: OcppFrame) -> str:
    """What in an answer a reader must see; empty where it is as everybody expects."""
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
    """The fields of a frame that a reader of the exchange wants: `status=Charging connectorId=1`."""
    if frame.error:
        return one_line(frame.error)
    if frame.message_type == "INVALID":
        return one_line(frame.raw)[:200]
    if frame.message_type == "CALLERROR":
        return payload_json(frame.shown)[:200]
    payload = frame.shown
    if not isinstance(payload, Mapping):
        return ""
    if frame.message_type == "CALLRESULT":
        parts = [f"status={status}"] if (status := status_of(frame)) else []
        names = ["transactionId", "interval", "currentTime"]
    else:
        parts = [energy] if frame.action == "MeterValues" and (energy := _energy(payload)) else []
        names = list(_KEY_FIELDS.get(frame.action, ())) or [
            k for k, v in payload.items() if not isinstance(v, dict | list)
        ]
    parts += [f"{name}={one_line(_scalar(payload[name]))}" for name in names[:4] if name in payload]
    return " ".join(part for part in parts if part != "errorCode=NoError")


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else payload_json(value)


def _energy(payload: Mapping[str, Any]) -> str:
    """The energy register in a MeterValues request, the default measurand (OCPP 1.6 section 7.43)."""
    try:
        for meter_value in payload["meterValue"]:
            for sample in meter_value["sampledValue"]:
                if sample.get("measurand", "Energy.Active.Import.Register") == "Energy.Active.Import.Register":
                    return f"energy={sample['value']} {sample.get('unit', 'Wh')}"
    except (KeyError, TypeError, AttributeError):
        pass
    return ""


def led_pattern(event: LedPattern) -> tuple[str, str]:
    """An LED's pattern in words and, where room is short, in a word."""
    match event.pattern:
        case "blink":
            rate = f"{float(f'{event.rate_hz:.2g}'):g} Hz"
            duty = f", {event.duty:.0%} on" if 0 < event.duty < 0.35 else ""
            return f"blinks {rate}{duty}", rate
        case "double_flash":
            return "double flash", "2×"
        case "unknown":
            return "no known pattern", "?"
        case _:
            return event.pattern, event.pattern


def limits(measurement: Measurement) -> str:
    """The limits in words; empty where there are none."""
    low, high, unit = measurement.low, measurement.high, measurement.unit
    if low is not None and low == high:
        return f"exactly {number(low)} {unit}".rstrip()
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)} {unit}".rstrip()
    if high is not None:
        return f"at most {number(high)} {unit}".rstrip()
    return f"at least {number(low)} {unit}".rstrip() if low is not None else ""


def fault_words(fault: FaultInjected) -> str:
    """A fault's name in words, and its arguments: `torn write (operation=4, effect=half)`."""
    arguments = ", ".join(f"{one_line(str(key))}={one_line(_scalar(value))}" for key, value in fault.arguments.items())
    name = one_line(fault.fault).replace("_", " ")
    return f"{name} ({arguments})" if arguments else name


def _frame_log(frame: OcppFrame) -> str:
    arrow = "charge point → CSMS" if frame.direction == "received" else "CSMS → charge point"
    wrong = f"  WRONG: {frame.error}" if frame.error else ""
    if frame.message_type == "INVALID":
        return f"{arrow}  INVALID {frame.raw}{wrong}"
    return f"{arrow}  {frame.message_type} {frame.action} [{frame.unique_id}] {payload_json(frame.shown)}{wrong}"


_LOG: Mapping[type[Event], Callable[[Any], str]] = {
    LogLine: lambda e: e.text,
    Boot: lambda e: f"boot: version {e.version}, build {e.build}, reset {e.reset}",
    Panic: lambda e: " ← ".join([f"PANIC: {e.cause}", *e.backtrace]),
    TelemetrySample: lambda e: f"telemetry {payload_json(dict(e.values))}",
    PinEdge: lambda e: f"{e.signal} = {int(e.level)}{' (driven)' if e.driven else ''}",
    LedPattern: lambda e: f"LED {e.led}: {led_pattern(e)[0]}",
    PowerChange: lambda e: f"{'rail is' if e.rail else 'power switched'} {'on' if e.on else 'off'}",
    AccessPointChange: lambda e: f"access point {'up' if e.up else 'down'}",
    LinkChange: lambda e: (
        f"WebSocket of {e.charge_point} "
        + ("open" if e.connected else f"closed, code {e.code if e.code is not None else 'none'} {e.reason}".rstrip())
    ),
    OcppFrame: _frame_log,
    FaultInjected: lambda e: f"FAULT begins: {fault_words(e)}",
    FaultLifted: lambda e: f"FAULT ends: {e.fault.replace('_', ' ')}",
    Flashed: lambda e: f"flashed {e.what or 'image'} {e.image[:12]} in {e.seconds:.2f} s",
    ClockScale: lambda e: f"clock runs at {number(e.scale)} times real time",
    Measurement: lambda e: (
        f"measured {e.name}: {number(e.value)} {e.unit} {'ok' if e.ok else 'OUT OF LIMITS'} {limits(e)}".rstrip()
    ),
    BenchTrouble: lambda e: f"ERROR OF THE BENCH: {e.what}",
    Note: lambda e: f"note: {e.text}",
}


def log_line(event: Event) -> str:
    """An event as one line of the full log."""
    words = _LOG.get(type(event))
    return one_line(words(event)) if words else type(event).__name__
