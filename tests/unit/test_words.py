"""Events as text, for messages, the terminal, the full log and the pictures."""

from __future__ import annotations

from typing import Any

import pytest

from rig.ocpp.exchange import exchange
from rig.timeline import events as ev
from rig.timeline import frame_words, words

SECRET = "hunter2"
URL = f"ws://user:{SECRET}@host/CP-1"

ACT = ev.HandAct(call="input.set", arguments={"name": "cable", "on": True}, by="rig input (process 7)")
TORN = ev.FaultInjected(fault="torn_write", arguments={"operation": 4, "effect": "half"})
BLINK = ev.LedPattern(led="status", pattern="blink", rate_hz=2.003, duty=0.5)
CLOSED = ev.LinkChange(charge_point="CP-1", connected=False, code=1006, reason="lost")
PANIC = ev.Panic(cause="abort()", backtrace=("0x1", "0x2"))


def frame(message_type: Any = "CALL", payload: Any = None, **others: Any) -> ev.OcppFrame:
    common: dict[str, Any] = {"charge_point": "CP-1", "direction": "received", "unique_id": "7", "action": "Authorize"}
    return ev.OcppFrame(message_type=message_type, payload=payload, **(common | others))


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (ev.LogLine(text="I (5) app: ready"), "console  I (5) app: ready"),
        (ev.LogLine(text="T (5) monitor: {}"), None),
        (ev.LogLine(text="= ok"), None),
        (frame(payload={"idTag": "A"}), 'OCPP     → [7] Authorize {"idTag":"A"}'),
        (CLOSED, "link     CP-1 disconnected"),
        (ev.PowerChange(on=False, rail=True), "power    rail off"),
        (ev.PowerChange(on=True), "power    switch on"),
        (ev.AccessPointChange(up=True), "network  access point up"),
        (BLINK, "LED      status: blinks 2 Hz"),
        (TORN, "fault    torn write (operation=4, effect=half)"),
        (ev.FaultLifted(fault="torn_write", injected=1), "fault    torn write lifted"),
        (PANIC, "trouble  abort()"),
        (ev.BenchTrouble(what="the port vanished"), "trouble  the port vanished"),
        (
            ev.ClientRefused(address="h:1", how="TLS", reason="it has expired", charge_point="CP-1"),
            "link     refused the client CP-1 at h:1 (TLS): it has expired",
        ),
        (
            ev.FileTransfer(
                method="GET",
                path="/fw.bin",
                address="h:1",
                status=206,
                sent=10,
                part="bytes 5-14/90",
                complete=False,
                error="the client left",
                fault="file-cut",
            ),
            "files    GET /fw.bin: 206, 10 bytes sent (bytes 5-14/90), incomplete [file-cut] (h:1): the client left",
        ),
        (
            ev.FileTransfer(method="PUT", path="/log", address="h:1", received=7),
            "files    PUT /log: no answer, 7 bytes received (h:1)",
        ),
        (ev.Note(text="a remark"), None),
        (ACT, "by hand  input.set (name=cable, on=true) by rig input (process 7)"),
    ],
)
def test_a_line_of_the_terminal(event: ev.Event, line: str | None) -> None:
    assert words.terminal_line(event) == line


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (ev.Boot(version="1", build="b", reset="panic"), "boot: version 1, build b, reset panic"),
        (PANIC, "PANIC: abort() ← 0x1 ← 0x2"),
        (ev.TelemetrySample(values={"heap_free": 5}), 'telemetry {"heap_free":5}'),
        (ev.PinEdge(signal="inputs.cable", level=True, driven=True), "inputs.cable = 1 (driven)"),
        (BLINK, "LED status: blinks 2 Hz"),
        (ev.PowerChange(on=False, rail=True), "rail is off"),
        (ev.AccessPointChange(up=False), "access point down"),
        (CLOSED, "WebSocket of CP-1 closed, code 1006 lost"),
        (frame(payload={"idTag": "A"}), 'charge point → CSMS CALL Authorize [7] {"idTag":"A"}'),
        (frame("INVALID", raw="[", error="no JSON"), "charge point → CSMS INVALID [ WRONG: no JSON"),
        (TORN, "FAULT begins: torn write (operation=4, effect=half)"),
        (ev.Flashed(image="9f" * 32, seconds=0.4), "flashed image 9f9f9f9f9f9f in 0.40 s"),
        (ev.Measurement(name="m", value=5, unit="ms", high=4, ok=False), "measured m: 5 ms OUT OF LIMITS at most 4 ms"),
        (ev.RunEnded(), "RunEnded"),
    ],
)
def test_a_line_of_the_full_log(event: ev.Event, line: str) -> None:
    assert words.log_line(event) == line


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (ev.Boot(version="1", build="b", reset="power_on"), ("boot (power on)", "boot")),
        (ev.LogLine(text="E (5) ws: no link", level="E", tag="ws"), ("ws: no link", "E ws")),
        (ev.LogLine(text="noise", level="W", tag="t"), ("noise", "W t")),
        (ev.LogLine(text="I (5) app: ready", level="I", tag="app"), None),
        (BLINK, None),
    ],
)
def test_a_moment_of_a_picture(event: ev.Event, said: tuple[str, str] | None) -> None:
    assert words.moment(event) == said


def test_an_exchange_marks_unexpected_frames() -> None:
    call = frame(payload={"idTag": "A"})
    blocked = frame("CALLRESULT", {"idTagInfo": {"status": "Blocked"}}, direction="sent")
    accepted = frame("CALLRESULT", {"idTagInfo": {"status": "Accepted"}}, direction="sent")
    assert frame_words.exchange_words(call) == "Authorize A"
    assert frame_words.exchange_words(call, blocked) == "Authorize A → Blocked"
    assert frame_words.exchange_words(call, accepted) == "Authorize A"
    wrong = frame(payload={"idTag": "A"}, error="too long")
    assert frame_words.exchange_words(wrong, frame("CALLERROR", ["InternalError", "", {}])) == (
        "Authorize A wrong: too long → CALLERROR InternalError"
    )
    assert frame_words.stray_words(blocked) == "answer to no call: Authorize"
    assert frame_words.stray_words(frame("INVALID", raw="[")) == "not OCPP: ["


LEAKY = [
    ev.LogLine(text=URL, level="E"),
    ev.Panic(cause=URL, backtrace=(URL,)),
    ev.LinkChange(charge_point="x", connected=False, reason=URL),
    frame(payload={"location": URL}, error=URL),
    frame("INVALID", raw=f'{{"password":"{SECRET}"', error=URL),
    ev.FaultInjected(fault="x", arguments={"url": URL}),
    ev.BenchTrouble(what=URL),
    ev.ClientRefused(address="h:1", how="TLS", reason=URL),
    ev.FileTransfer(method="GET", path=URL, address="h:1", name=URL, error=URL),
    ev.Note(text=URL),
    ev.HandAct(call="console.send", arguments={"text": URL}, by=URL),
    ev.HandActFailed(call="console.send", act=1, why=URL),
]


@pytest.mark.parametrize("event", LEAKY, ids=lambda event: type(event).__name__)
def test_no_text_holds_a_secret(event: ev.Event) -> None:
    shown = event.without_secrets()
    assert shown.record() == event.record()
    texts = [words.in_words(event), words.terminal_line(event), words.log_line(shown), words.moment(shown)]
    if isinstance(event, ev.LinkChange):
        texts += [words.link_line(event), exchange([event], 0)]
    if isinstance(event, ev.OcppFrame) and isinstance(shown, ev.OcppFrame) and event.message_type == "CALL":
        texts += [frame_words.frame_line(event), exchange([event], 0), frame_words.frame_fields(shown)]
    assert SECRET not in str(texts)


@pytest.mark.parametrize("event", [TORN, BLINK, CLOSED, PANIC, frame(payload=[1])], ids=lambda e: type(e).__name__)
def test_an_event_without_secrets_is_itself(event: ev.Event) -> None:
    assert event.without_secrets() is event
