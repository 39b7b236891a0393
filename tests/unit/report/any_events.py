"""Strategies for arbitrary events: hostile text, extreme values, any order."""

from __future__ import annotations

from hypothesis import strategies as st
from synthetic_run import MS, S

from rig.timeline import events as ev

words = st.text(max_size=60) | st.sampled_from(
    ["<script>alert(1)</script>", "]]>", "&amp;", "\x00\x1b[31m", "\ud800", "ﷺ" * 9]
)
figures = st.floats(allow_nan=True) | st.integers(-(10**12), 10**12)
json = st.recursive(
    st.none() | st.booleans() | figures | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
actions = st.sampled_from(["BootNotification", "StatusNotification", "MeterValues", "Heartbeat", "Reset", ""]) | words
ids = st.sampled_from(["1", "2", "3"]) | words
charge_points = st.sampled_from(["CP-1", "CP-2"]) | words
signals = (
    st.sampled_from(["inputs.cable", "inputs.meter_pulse", "outputs.contactor", "leds.status", "power.switch"]) | words
)
stamps = st.integers(8_123 * S, 8_123 * S + 10**11)
any_event = st.one_of(
    st.builds(ev.LogLine, text=words, level=st.sampled_from(["", "D", "I", "W", "E"]), tag=words),
    st.builds(ev.Boot, version=words, build=words, reset=words),
    st.builds(ev.Panic, cause=words),
    st.builds(ev.TelemetrySample, values=st.dictionaries(st.sampled_from(["heap_free", "x"]), figures)),
    st.builds(ev.CurrentSample, milliamperes=figures, volts=figures, overflow=st.booleans()),
    st.builds(
        ev.FigureJudged,
        figure=st.sampled_from(["current", "x", "heap_free"]) | words,
        unit=words,
        low=st.none() | figures,
        high=st.none() | figures,
        growth=st.booleans(),
    ),
    st.builds(ev.PinEdge, signal=signals, level=st.booleans(), driven=st.booleans()),
    st.builds(
        ev.LedPattern,
        led=st.sampled_from(["status", "leds.network"]) | words,
        rate_hz=st.floats(0, 20),
        duty=st.floats(0, 1),
        pattern=st.sampled_from(["off", "on", "blink", "double_flash", "unknown"]),
        began=st.just(0) | stamps,
    ),
    st.builds(ev.PowerChange, on=st.booleans(), rail=st.booleans()),
    st.builds(ev.AccessPointChange, up=st.booleans()),
    st.builds(ev.LinkChange, charge_point=charge_points, connected=st.booleans()),
    st.builds(ev.ClientRefused, charge_point=charge_points, address=words, how=words, reason=words),
    st.builds(ev.FileTransfer, method=words, path=words, address=words, status=st.integers(0, 599), error=words),
    st.builds(
        ev.OcppFrame,
        charge_point=charge_points,
        direction=st.sampled_from(["received", "sent"]),
        unique_id=ids,
        action=actions,
        message_type=st.sampled_from(["CALL", "CALLRESULT", "CALLERROR", "INVALID"]),
        payload=json,
        error=st.just("") | words,
        raw=words,
    ),
    st.builds(ev.FaultInjected, fault=words, arguments=st.dictionaries(words, json, max_size=2)),
    st.builds(ev.FaultLifted, fault=words, injected=st.integers(0, 30)),
    st.builds(ev.Flashed, image=words, seconds=st.floats(0, 99), what=words),
    st.builds(
        ev.Measurement,
        name=words,
        value=figures,
        unit=words,
        low=st.none() | figures,
        high=st.none() | figures,
        ok=st.booleans(),
        start=st.none() | stamps,
        end=st.none() | stamps,
        no_latency=st.booleans(),
    ),
    st.builds(
        ev.Missed, lane=st.sampled_from(["", "ocpp", "log", "link", "leds.status"]) | words, what=words, since=stamps
    ),
    st.builds(ev.Carried, to_device=st.booleans(), came=stamps),
    st.builds(ev.BenchTrouble, what=words),
    st.builds(ev.Note, text=words),
)
gaps = st.sampled_from([0, 1, 1000, MS, 30 * MS, 900 * MS, 40_000 * MS, -5 * MS]) | st.integers(0, 10**13)
timed = st.lists(st.tuples(gaps, any_event), max_size=60)
