"""A synthetic run as a bench would record it, for the tests and the authors of the report."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rig.timeline import events as ev
from rig.timeline.codec import encode

MS = 1_000_000
S = 1000 * MS
CP = "CP-BENCH-1"


class Recorder:
    """A writer of events with its own clock, in ns.

    Args:
        wall: the start of a run in stepped time, in ns of real time. Bench time begins at 0, and each event takes 1 ms
            of real time. None: bench time is real time, and the record lacks `wall`, as in earlier versions.
    """

    def __init__(self, wall: int | None = None) -> None:
        self.now = 8_123 * S if wall is None else 0
        self.wall = wall
        self.walls: list[int] = []
        self.events: list[ev.Event] = []
        self.random = random.Random(16)
        self.boot_at = self.now
        self.heap = 214_000
        self.calls = 0

    def put(self, event: ev.Event, *, after_ms: float = 0.0) -> ev.Event:
        self.now += round(after_ms * MS)
        placed = replace(event, id=len(self.events) + 1, t=self.now)
        self.events.append(placed)
        if self.wall is not None:
            self.walls.append(self.wall)
            self.wall += MS
        return placed

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "run.jsonl"
        path.write_bytes(b"".join(encode(e, wall) for e, wall in zip_longest(self.events, self.walls, fillvalue=0)))
        return path

    # -- a bench -------------------------------------------------------------------------------------------------

    def log(self, text: str, level: str = "I", tag: str = "app", after_ms: float = 0.3) -> None:
        self.now += round(after_ms * MS)
        uptime = round((self.now - self.boot_at) / MS)
        line = ev.LogLine(
            text=f"{level} ({uptime}) {tag}: {text}", level=level, tag=tag, uptime_ms=uptime, source="console"
        )  # type: ignore[arg-type]
        self.put(line)

    def pin(self, signal: str, level: bool, driven: bool = False, after_ms: float = 0.0) -> ev.Event:
        return self.put(ev.PinEdge(signal=signal, level=level, driven=driven, source="pins"), after_ms=after_ms)

    def led(self, led: str, pattern: str, rate_hz: float = 0.0, duty: float = 0.5, after_ms: float = 0.0) -> None:
        self.put(ev.LedPattern(led=led, pattern=pattern, rate_hz=rate_hz, duty=duty), after_ms=after_ms)  # type: ignore[arg-type]

    def quiet(self, seconds: float) -> None:
        """Pass bench seconds in which only telemetry comes."""
        end = self.now + round(seconds * S)
        while self.now + S < end:
            self.telemetry(after_ms=1000)
        self.now = end

    def telemetry(self, after_ms: float = 0.0) -> None:
        self.heap += self.random.randint(-900, 880)
        self.put(ev.TelemetrySample(values={"heap_free": self.heap, "heap_min": 180_000}), after_ms=after_ms)

    def call(
        self,
        action: str,
        payload: Any,
        answer: Any = None,
        *,
        takes_ms: float | None = 3.0,
        error: str = "",
        by_csms: bool = False,
        after_ms: float = 2.0,
    ) -> None:
        self.calls += 1
        common: dict[str, Any] = {"charge_point": CP, "unique_id": str(self.calls), "action": action, "source": "csms"}
        out, back = ("sent", "received") if by_csms else ("received", "sent")
        frame = ev.OcppFrame(**common, direction=out, message_type="CALL", payload=payload)  # type: ignore[arg-type]
        self.put(frame, after_ms=after_ms)
        if takes_ms is None:
            return
        kind = "CALLERROR" if error else "CALLRESULT"
        said = [error, "", {}] if error else answer or {}
        self.put(ev.OcppFrame(**common, direction=back, message_type=kind, payload=said), after_ms=takes_ms)  # type: ignore[arg-type]

    def status(self, status: str, after_ms: float = 2.0) -> None:
        payload = {"connectorId": 1, "errorCode": "NoError", "status": status}
        self.call("StatusNotification", payload, after_ms=after_ms)

    def power(self, on: bool, after_ms: float = 0.0) -> None:
        self.put(ev.PowerChange(on=on, source="power"), after_ms=after_ms)
        self.put(ev.PowerChange(on=on, rail=True, source="power"), after_ms=0.8)
        if not on:
            for led in ("status", "network", "fault"):
                self.led(led, "off")
            if self.events and any(isinstance(e, ev.PinEdge) and e.signal == "outputs.contactor" for e in self.events):
                self.pin("outputs.contactor", False)

    def boot(self, reset: str = "power_on", *, to_accepted: bool = True) -> None:
        self.boot_at = self.now
        self.put(ev.Boot(version="0.1.0", build="5ec0ffee", reset=reset, source="console"), after_ms=14)
        self.log(f"plugbench-cp 0.1.0 build=5ec0ffee reset={reset}", tag="boot")
        self.led("status", "blink", 5, after_ms=4)
        self.log("storage mounted, 3 files", tag="storage")
        self.log("ready", tag="app", after_ms=8)
        self.telemetry(after_ms=2)
        if to_accepted:
            self.connect(boot=True)

    def connect(self, *, boot: bool = False) -> None:
        self.log("associated with plugbench", tag="wifi", after_ms=30)
        self.led("network", "blink", 2, after_ms=2)
        self.put(ev.LinkChange(charge_point=CP, connected=True, source="csms"), after_ms=20)
        self.led("network", "double_flash", after_ms=3)
        if boot:
            info = {"chargePointVendor": "Plugbench", "chargePointModel": "CP-1", "firmwareVersion": "0.1.0"}
            accepted = {"status": "Accepted", "currentTime": "2026-11-23T12:00:00Z", "interval": 300}
            self.call("BootNotification", info, accepted)
            self.status("Available")
            self.led("status", "on", after_ms=3)
        self.led("network", "on", after_ms=3)

    def test(self, nodeid: str, doc: str) -> int:
        return self.put(ev.TestStarted(nodeid=nodeid, doc=doc)).t

    def end(self, nodeid: str, started: int, outcome: str = "passed", message: str = "") -> None:
        seconds = (self.now - started) / S
        self.put(ev.TestEnded(nodeid=nodeid, outcome=outcome, seconds=seconds, message=message), after_ms=4)  # type: ignore[arg-type]


def run() -> Recorder:
    """Make a run with a boot, a charge, faults, a failure, an error of the bench, a skipped test and reconnects."""
    r = Recorder()
    r.put(ev.RunStarted(run="2026-11-23T12-00-00", date="2026-11-23T12:00:00+01:00", bench="virtual"))
    for name in ("cable", "vehicle_ready", "emergency_stop", "auth_button", "meter_pulse"):
        r.pin(f"inputs.{name}", False, driven=True)  # a bench reports the level of each wire when it opens
    for name in ("contactor", "lock"):
        r.pin(f"outputs.{name}", False)
    _boot(r)
    _charge(r)
    _power_cut(r)
    _access_point(r)
    _held_answer(r)
    _failing(r)
    _bench_error(r)
    _skipped(r)
    _reconnects(r)
    _panic(r)
    r.put(ev.RunEnded())
    return r


def _boot(r: Recorder) -> None:
    name = "tests/hil/test_boot.py::test_cold_boot_to_accepted"
    started = r.test(name, "A cold boot after flashing ends with an accepted BootNotification.")
    r.put(ev.AccessPointChange(up=True), after_ms=1)
    r.put(ev.Flashed(image="9f" * 32, seconds=0.41, what="app"), after_ms=410)
    r.power(True, after_ms=6)
    on = r.now
    r.boot()
    r.put(
        ev.Measurement(name="power on to accepted", value=(r.now - on) / MS, unit="ms", high=300, start=on, end=r.now)
    )
    r.end(name, started)


def _charge(r: Recorder) -> None:
    name = "tests/hil/test_charge.py::test_charge_from_plug_to_stop[5 kW]"
    started = r.test(name, "A charge from plug to stop: the meter values add up to the meter's count.")
    r.pin("inputs.cable", True, True, after_ms=20)
    r.status("Preparing")
    r.led("status", "blink", 2, after_ms=5)
    r.pin("inputs.auth_button", True, True, after_ms=60)
    pressed = r.now
    r.call("Authorize", {"idTag": "LOCAL-1"}, {"idTagInfo": {"status": "Accepted"}})
    r.pin("inputs.auth_button", False, True, after_ms=90)
    r.pin("inputs.vehicle_ready", True, True, after_ms=5)
    r.pin("outputs.lock", True, after_ms=2)
    r.call(
        "StartTransaction",
        {"idTag": "LOCAL-1", "connectorId": 1, "meterStart": 0},
        {"transactionId": 17, "idTagInfo": {"status": "Accepted"}},
    )
    r.pin("outputs.contactor", True, after_ms=3)
    r.put(
        ev.Measurement(
            name="button to contactor", value=(r.now - pressed) / MS, unit="ms", high=500, start=pressed, end=r.now
        )
    )
    r.status("Charging")
    r.led("status", "blink", 1, after_ms=5)
    for sample in range(4):
        for _ in range(40):
            r.pin("inputs.meter_pulse", True, True, after_ms=9)
            r.pin("inputs.meter_pulse", False, True, after_ms=9)
        r.telemetry()
        values = [
            {"timestamp": "2026-11-23T12:00:00Z", "sampledValue": [{"value": str(40 * sample + 40), "unit": "Wh"}]}
        ]
        r.call("MeterValues", {"connectorId": 1, "transactionId": 17, "meterValue": values})
    r.pin("inputs.auth_button", True, True, after_ms=200)
    r.pin("outputs.contactor", False, after_ms=3)
    r.pin("inputs.auth_button", False, True, after_ms=60)
    r.call(
        "StopTransaction",
        {"transactionId": 17, "meterStop": 160, "reason": "Local"},
        {"idTagInfo": {"status": "Accepted"}},
    )
    r.pin("outputs.lock", False, after_ms=2)
    r.status("Finishing")
    r.led("status", "double_flash", after_ms=5)
    r.pin("inputs.vehicle_ready", False, True, after_ms=150)
    r.pin("inputs.cable", False, True, after_ms=30)
    r.status("Available")
    r.led("status", "on", after_ms=5)
    r.put(ev.Measurement(name="energy", value=160, unit="Wh", low=160, high=160), after_ms=200)
    r.end(name, started)


def _power_cut(r: Recorder) -> None:
    name = "tests/hil/test_power_cut.py::test_torn_write_in_transaction"
    started = r.test(name, "Power fails during a flash write: the transaction is resumed or stopped, never lost.")
    r.call("StartTransaction", {"idTag": "LOCAL-1", "connectorId": 1, "meterStart": 160}, {"transactionId": 18})
    r.pin("outputs.contactor", True, after_ms=3)
    r.status("Charging")
    r.led("status", "blink", 1, after_ms=5)
    r.telemetry(after_ms=300)
    fault = r.put(ev.FaultInjected(fault="torn_write", arguments={"operation": 3, "effect": "half"}), after_ms=100)
    r.power(False, after_ms=40)
    r.put(ev.LinkChange(charge_point=CP, connected=False, code=1006, reason="connection lost"), after_ms=15)
    r.quiet(0.9)
    r.put(ev.FaultLifted(fault="torn_write", injected=fault.id))
    r.power(True, after_ms=8)
    r.boot("brownout")
    r.log("journal: record 41 torn, dropped; 40 replayed", "W", "storage")
    r.call("StopTransaction", {"transactionId": 18, "meterStop": 161, "reason": "PowerLoss"})
    r.telemetry(after_ms=200)
    r.end(name, started)


def _access_point(r: Recorder) -> None:
    name = "tests/hil/test_network.py::test_access_point_gone_and_back"
    started = r.test(name, "The access point fails for a minute, and the charge point reconnects.")
    gone = r.put(ev.FaultInjected(fault="access_point_gone"), after_ms=50)
    r.put(ev.AccessPointChange(up=False), after_ms=1)
    r.led("network", "off", after_ms=300)
    r.log("beacon lost, reason 200", "W", "wifi")
    r.put(ev.LinkChange(charge_point=CP, connected=False, code=1006, reason="ping not answered"), after_ms=900)
    r.log("no link", "E", "websocket", after_ms=300)
    r.quiet(57)
    r.put(ev.AccessPointChange(up=True), after_ms=40)
    r.put(ev.FaultLifted(fault="access_point_gone", injected=gone.id), after_ms=1)
    back = r.now
    r.connect()
    r.status("Available")
    r.put(ev.Measurement(name="back after", value=(r.now - back) / MS, unit="ms", high=1500, start=back, end=r.now))
    r.telemetry(after_ms=500)
    r.end(name, started)


def _held_answer(r: Recorder) -> None:
    name = "tests/hil/test_csms.py::test_slow_answer_does_not_block"
    started = r.test(name, "The CSMS defers the answer to a StartTransaction for 4 s; commands still work.")
    common: dict[str, Any] = {"charge_point": CP, "unique_id": "held-1", "action": "StartTransaction"}
    r.put(
        ev.OcppFrame(
            **common,
            direction="received",
            message_type="CALL",
            payload={"idTag": "A", "connectorId": 1, "meterStart": 0},
        ),
        after_ms=300,
    )
    r.call("TriggerMessage", {"requestedMessage": "Heartbeat"}, {"status": "Accepted"}, by_csms=True, after_ms=900)
    r.call("Heartbeat", {}, {"currentTime": "2026-11-23T12:00:00Z"}, after_ms=30)
    r.telemetry(after_ms=700)
    r.call(
        "ChangeConfiguration",
        {"key": "AuthorizationKey", "value": "top secret"},
        {"status": "Rejected"},
        by_csms=True,
        after_ms=1800,
    )
    r.put(
        ev.OcppFrame(
            **common,
            direction="sent",
            message_type="CALLRESULT",
            payload={"transactionId": 19, "idTagInfo": {"status": "Blocked"}},
        ),
        after_ms=600,
    )
    r.call(
        "StopTransaction",
        {"transactionId": 19, "meterStop": 0, "reason": "DeAuthorized"},
        error="InternalError",
        after_ms=40,
    )
    r.call("DataTransfer", {"vendorId": "x"}, by_csms=True, takes_ms=None, after_ms=500)
    r.telemetry(after_ms=200)
    r.end(name, started)


def _failing(r: Recorder) -> None:
    name = "tests/hil/test_safety.py::test_emergency_stop_during_erase"
    started = r.test(name, "The emergency stop opens the contactor within 10 ms, also while flash is erased.")
    r.call("StartTransaction", {"idTag": "LOCAL-1", "connectorId": 1, "meterStart": 161}, {"transactionId": 20})
    r.pin("outputs.contactor", True, after_ms=3)
    r.status("Charging")
    r.led("status", "blink", 1, after_ms=4)
    fault = r.put(ev.FaultInjected(fault="slow_erase", arguments={"ms": 400}), after_ms=60)
    r.log("compacting journal", tag="storage", after_ms=20)
    pressed = r.pin("inputs.emergency_stop", True, True, after_ms=50).t
    r.pin("outputs.contactor", False, after_ms=380)
    r.put(ev.Measurement(name="edge to contactor", value=380, unit="ms", high=10, ok=False, start=pressed, end=r.now))
    r.put(ev.FaultLifted(fault="slow_erase", injected=fault.id), after_ms=1)
    r.led("status", "off", after_ms=4)
    r.led("fault", "on", after_ms=1)
    r.log("emergency stop", "E", "charging")
    r.status("Faulted")
    r.telemetry(after_ms=50)
    r.end(
        name,
        started,
        "failed",
        "AssertionError: edge to contactor took 380 ms, at most 10 ms are allowed\n\n"
        "    assert opened.t - pressed.t <= 10 * MS\ntests/hil/test_safety.py:41: AssertionError",
    )
    r.pin("inputs.emergency_stop", False, True, after_ms=10)
    r.led("fault", "off", after_ms=3)
    r.led("status", "on", after_ms=3)


def _bench_error(r: Recorder) -> None:
    name = "tests/hil/test_leds.py::test_available_is_steady"
    started = r.test(name, "An idle, accepted charge point shows a steady status LED.")
    r.telemetry(after_ms=300)
    r.put(
        ev.BenchTrouble(what="the serial port /dev/ttyUSB0 vanished. Check its cable, then run `rig doctor`"),
        after_ms=200,
    )
    r.end(
        name,
        started,
        "error",
        "BenchError: the serial port /dev/ttyUSB0 vanished. Check its cable, then run `rig doctor`",
    )


def _skipped(r: Recorder) -> None:
    name = "tests/hil/test_pilot.py::test_control_pilot_duty"
    started = r.test(name, "The Control Pilot's duty follows the current limit.")
    r.end(name, started, "skipped", "this bench lacks what the test needs: control_pilot")


def _reconnects(r: Recorder) -> None:
    name = "tests/hil/test_memory.py::test_heap_is_flat_over_200_reconnects"
    started = r.test(name, "200 reconnects leave the heap as it was.")
    for _ in range(200):
        r.put(ev.LinkChange(charge_point=CP, connected=False, code=1012, reason="service restart"), after_ms=700)
        r.led("network", "blink", 2, after_ms=20)
        r.put(ev.LinkChange(charge_point=CP, connected=True), after_ms=1100)
        r.led("network", "on", after_ms=20)
        r.call("Heartbeat", {}, {"currentTime": "2026-11-23T12:00:00Z"})
        r.telemetry(after_ms=10)
    r.put(ev.Measurement(name="heap_lost", value=31, unit="bytes", high=64))
    r.end(name, started)


def _panic(r: Recorder) -> None:
    name = "tests/hil/test_console.py::test_status_command"
    started = r.test(name, "The status command answers in one line.")
    r.log("status asked", tag="serial_debug", after_ms=40)
    r.put(
        ev.Panic(cause="abort() in serial_debug: <script>alert(1)</script>", backtrace=("0x400d1234", "0x400d5678")),
        after_ms=60,
    )
    for n in range(12):
        r.log(f"backtrace line {n} & \x1b[31mnoise\x00", "E", "panic", after_ms=1)
    r.put(ev.LinkChange(charge_point=CP, connected=False, code=1006), after_ms=3)
    r.pin("outputs.contactor", False)
    r.boot("panic")
    r.end(
        name, started, "failed", "DeviceError: the device panicked: abort() in serial_debug: <script>alert(1)</script>"
    )
