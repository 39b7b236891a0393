"""The output of `rig fault inject` for a fault that had no effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.bench.bench_file import load
from rig.cli.fault_inject import show_fault
from rig.device import Device
from rig.faults import TornWrite
from rig.timeline.events import PowerChange

ROOT = Path(__file__).parents[2]
NOTHING_TORN = "no flash operation came: nothing was torn\n"


def test_an_idle_device_makes_no_write_to_tear(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    show_fault(load("benches/virtual.toml"), TornWrite(), 0.2)
    assert NOTHING_TORN in capsys.readouterr().out


def test_a_torn_operation_is_not_reported_as_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def write(device: Device, _seconds: float) -> None:
        since = device.bench.mark()
        device.bench.console.send("set heartbeat_interval_s 299")
        device.bench.timeline.expect(PowerChange, lambda change: change.rail and not change.on, since=since, timeout=20)

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(Device, "let_time_pass", write)
    show_fault(load("benches/virtual.toml"), TornWrite(), 0.2)
    shown = capsys.readouterr().out
    assert "rail off" in shown
    assert NOTHING_TORN not in shown
