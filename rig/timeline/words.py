"""Formats events as text: for messages, the terminal, the full log and the pictures of the report.

Events from the record are already masked. Call `Event.without_secrets` on an event from a running bench first, unless
the function masks secrets itself. `rig.timeline.frame_words` formats OCPP frames.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rig.timeline.events import (
    AccessPointChange,
    BenchTrouble,
    Boot,
    Carried,
    ClientRefused,
    CurrentSample,
    Event,
    FaultInjected,
    FaultLifted,
    FigureJudged,
    FileTransfer,
    Flashed,
    HandAct,
    HandActFailed,
    LedPattern,
    LinkChange,
    LogLine,
    Measurement,
    Missed,
    Note,
    OcppFrame,
    Panic,
    PinEdge,
    PowerChange,
    TelemetrySample,
)
from rig.timeline.frame_words import frame_line, frame_log, payload_json, scalar
from rig.util.redaction import masked, masked_text
from rig.util.text import number, one_line, seconds, visible

NO_LATENCY = "no latency in stepped time"
"""The figure of a latency in stepped time."""
_BOOKKEEPING = frozenset({"type", "id", "t", "uncertainty", "source"})

# The meaning of a signal's levels (docs/design.md#signals): (low, high).
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


def in_words(event: Event) -> str:
    """Format an event for a message: its type and its own fields, with masked secrets."""
    said = {name: value for name, value in event.record().items() if name not in _BOOKKEEPING}
    return f"{type(event).__name__} {', '.join(f'{name}={value!r}' for name, value in said.items())}".rstrip()


def terminal_line(event: Event) -> str | None:
    """Format an event for a terminal, with masked secrets; None for an event that is not shown."""
    line = _terminal_line(event.without_secrets())
    return visible(line) if line is not None else None


def _terminal_line(event: Event) -> str | None:
    match event:
        case LogLine(text=text) if not text.startswith(("T (", "= ")):
            return f"console  {text}"
        case OcppFrame():
            return f"OCPP     {frame_line(event)}"
        case LinkChange():
            return f"link     {event.charge_point} {'connected' if event.connected else 'disconnected'}"
        case ClientRefused():
            return f"link     {refusal_words(event)}"
        case FileTransfer():
            return f"files    {transfer_words(event)}"
        case PowerChange():
            return f"power    {'rail' if event.rail else 'switch'} {'on' if event.on else 'off'}"
        case AccessPointChange():
            return f"network  access point {'up' if event.up else 'down'}"
        case LedPattern():
            return f"LED      {event.led}: {led_pattern(event)[0]}"
        case FaultInjected():
            return f"fault    {fault_words(event)}"
        case FaultLifted():
            return f"fault    {_spaced(event.fault)} lifted"
        case HandAct():
            return f"by hand  {act_words(event)}"
        case HandActFailed():
            return f"by hand  {failed_act_words(event)}"
        case Panic():
            return f"trouble  {panic_words(event)}"
        case BenchTrouble():
            return f"trouble  {event.what}"
        case _:
            return None


def link_line(change: LinkChange) -> str:
    """Format the opening or closing of a connection for a block of frames, with masked secrets."""
    if change.connected:
        other = change.protocol not in ("", "ocpp1.6")  # the usual sub-protocol is not shown
        return f"── connected{f' ({change.protocol})' if other else ''}"
    why = " ".join(part for part in (str(change.code or ""), masked_text(change.reason)) if part)
    return visible(f"── disconnected{f' ({why})' if why else ''}")


def refusal_words(refused: ClientRefused) -> str:
    """Format the refusal of a client, masked: `refused the client CP-1 at 127.0.0.1:4711 (HTTP 401): ...`."""
    who = " at ".join(part for part in (one_line(masked_text(refused.charge_point)), refused.address) if part)
    return f"refused the client {who} ({refused.how}): {one_line(masked_text(refused.reason))}"


def transfer_words(transfer: FileTransfer) -> str:
    """Format a transfer of a file, masked: `GET /fw.bin: 206, 100 bytes sent (bytes 0-99/4000) to 127.0.0.1:4711`."""
    status = str(transfer.status) if transfer.status else "no answer"
    bodies = [
        f"{count} bytes {way}" for count, way in ((transfer.received, "received"), (transfer.sent, "sent")) if count
    ]
    part = f" ({transfer.part})" if transfer.part else ""
    fault = f" [{transfer.fault}]" if transfer.fault else ""
    error = f": {one_line(masked_text(transfer.error))}" if transfer.error else ""
    what = f"{one_line(masked_text(transfer.method))} {one_line(masked_text(transfer.path))}"
    cut = "" if transfer.complete else ", incomplete"
    return f"{what}: {', '.join([status, *bodies])}{part}{cut}{fault} ({transfer.address}){error}"


def led_pattern(event: LedPattern) -> tuple[str, str]:
    """Format the pattern of an LED, in full and in one word."""
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
    """Format the limits of a measurement; empty if there are none."""
    low, high, unit = measurement.low, measurement.high, measurement.unit
    if low is not None and low == high:
        return f"exactly {number(low)} {unit}".rstrip()
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)} {unit}".rstrip()
    if high is not None:
        return f"at most {number(high)} {unit}".rstrip()
    return f"at least {number(low)} {unit}".rstrip() if low is not None else ""


def figure(measurement: Measurement) -> str:
    """Format the figure of a measurement with its unit: `4 ms`; or `NO_LATENCY` in stepped time.

    A figure outside its limits is shown in stepped time too. It contains waits only, because work takes no time there.
    """
    unit = one_line(measurement.unit)
    value, held = number(measurement.value), number(measurement.held_up)
    if not measurement.measurable:
        return f"not measurable: {held} of {value} {unit} without a processor"
    if measurement.no_latency and measurement.ok:
        return NO_LATENCY
    if measurement.held_up and measurement.high is not None and measurement.value > measurement.high:
        return f"{value} {unit}, {held} of them without a processor"
    return f"{value} {unit}".rstrip()


def judged_words(judged: FigureJudged) -> str:
    """Return the figure that a test asserts on, with its limits."""
    bounds = [
        f"{word} {number(limit)}{f' {judged.unit}' if judged.unit else ''}"
        for word, limit in (("at least", judged.low), ("at most", judged.high))
        if limit is not None
    ]
    return " ".join([f"{'growth of ' if judged.growth else ''}{judged.figure}", " and ".join(bounds)]).rstrip()


def measured(measurement: Measurement) -> str:
    """Format a measurement for a picture: `edge to contactor: 4 ms (at most 10 ms)`."""
    text = f"{_spaced(measurement.name)}: {figure(measurement)}"
    allowed = limits(measurement)
    return f"{text} ({allowed})" if allowed else text


def fault_words(fault: FaultInjected) -> str:
    """Format a fault and its arguments, with masked secrets: `torn write (operation=4, effect=half)`."""
    arguments = ", ".join(
        f"{one_line(str(key))}={one_line(scalar(value))}" for key, value in masked(fault.arguments).items()
    )
    return f"{_spaced(fault.fault)} ({arguments})" if arguments else _spaced(fault.fault)


def act_words(act: HandAct) -> str:
    """Format an act by hand, with masked secrets: `input.set (name=cable, on=true) by rig input (process 4711)`."""
    arguments = ", ".join(
        f"{one_line(str(key))}={one_line(scalar(value))}" for key, value in masked(act.arguments).items()
    )
    by = f" by {one_line(masked_text(act.by))}" if act.by else ""
    return f"{one_line(act.call)}{f' ({arguments})' if arguments else ''}{by}"


def failed_act_words(failed: HandActFailed) -> str:
    """Format the failure of an act by hand, with masked secrets: `input.set failed: this bench has no input 'x'`."""
    return f"{one_line(failed.call)} failed: {one_line(masked_text(failed.why))}"


def panic_words(panic: Panic) -> str:
    """Format the reason of a crash. Add kind, task and core if they are missing: `abort() was called (task main)`."""
    cause = panic.cause.lower()
    more = [
        panic.kind if panic.kind not in cause else "",
        f"task {panic.task}" if panic.task and panic.task.lower() not in cause else "",
        f"core {panic.core}" if panic.core is not None and not _CORE_NAMED.search(panic.cause) else "",
    ]
    shown = ", ".join(filter(None, more))
    return f"{panic.cause} ({shown})" if shown else panic.cause


def moment(event: Event) -> tuple[str, str] | None:
    """Format an event that a picture marks, in full and in one word; None for any other event."""
    match event:
        case Boot():
            return f"boot ({_spaced(event.reset)})", "boot"
        case Flashed():
            return f"flashed in {seconds(event.seconds)}", "flashed"
        case Panic():
            return f"panic: {one_line(panic_words(event))}", "panic"
        case BenchTrouble():
            return f"bench: {one_line(event.what)}", "bench error"
        case ClientRefused():
            return refusal_words(event), "refused"
        case FileTransfer():
            return transfer_words(event), one_line(event.method)
        case Note():
            return one_line(event.text), "note"
        case HandAct():
            return f"by hand: {act_words(event)}", "by hand"
        case HandActFailed():
            return f"by hand: {failed_act_words(event)}", "failed"
        case LogLine(level="E" | "W"):
            text = one_line(event.text)
            said = text.partition(") ")[2]  # the text after level and uptime
            return said or text, f"{event.level} {one_line(event.tag)}"
        case _:
            return None


def log_line(event: Event) -> str:
    """Format an event as one line of the full log."""
    words = _LOG.get(type(event))
    return one_line(words(event)) if words else type(event).__name__


_CORE_NAMED = re.compile(r"\b(?:core|cpu)\s*[0-9]", re.IGNORECASE)


def _spaced(name: str) -> str:
    return one_line(name).replace("_", " ")


_LOG: Mapping[type[Event], Callable[[Any], str]] = {
    LogLine: lambda e: e.text,
    Boot: lambda e: f"boot: version {e.version}, build {e.build}, reset {e.reset}",
    Panic: lambda e: " ← ".join([f"PANIC: {panic_words(e)}", *e.backtrace]),
    TelemetrySample: lambda e: f"telemetry {payload_json(dict(e.values))}",
    PinEdge: lambda e: f"{e.signal} = {int(e.level)}{' (driven)' if e.driven else ''}",
    LedPattern: lambda e: f"LED {e.led}: {led_pattern(e)[0]}",
    PowerChange: lambda e: f"{'rail is' if e.rail else 'power switched'} {'on' if e.on else 'off'}",
    CurrentSample: lambda e: (
        f"current {e.milliamperes:.1f} mA at {e.volts:.2f} V"
        f"{' (outside of the range of the sensor)' if e.overflow else ''}"
    ),
    AccessPointChange: lambda e: f"access point {'up' if e.up else 'down'}",
    LinkChange: lambda e: (
        f"WebSocket of {e.charge_point} "
        + ("open" if e.connected else f"closed, code {e.code if e.code is not None else 'none'} {e.reason}".rstrip())
    ),
    ClientRefused: refusal_words,
    FileTransfer: lambda e: f"file {transfer_words(e)}",
    OcppFrame: frame_log,
    Carried: lambda e: (
        f"network held back for {seconds((e.t - e.came) / 1e9)}, {'to' if e.to_device else 'from'} the device"
    ),
    Missed: lambda e: f"MISSED since {seconds((e.t - e.since) / 1e9)}: {e.what}",
    FaultInjected: lambda e: f"FAULT begins: {fault_words(e)}",
    FaultLifted: lambda e: f"FAULT ends: {_spaced(e.fault)}",
    Flashed: lambda e: f"flashed {e.what or 'image'} {e.image[:12]} in {e.seconds:.2f} s",
    Measurement: lambda e: f"measured {e.name}: {figure(e)} {'ok' if e.ok else 'OUT OF LIMITS'} {limits(e)}".rstrip(),
    FigureJudged: lambda e: f"judged: {judged_words(e)}",
    BenchTrouble: lambda e: f"ERROR OF THE BENCH: {e.what}",
    Note: lambda e: f"note: {e.text}",
    HandAct: lambda e: f"BY HAND: {act_words(e)}",
    HandActFailed: lambda e: f"BY HAND: {failed_act_words(e)}",
}
