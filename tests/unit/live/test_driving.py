"""Commands that act from a second terminal: in a running test, at a running page, and at a CSMS that serves alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.firmware.build import build
from rig.live.client import Client, clients
from tests.unit.live.terminal import LONGEST_S, RIG, ROOT, Terminal, run_rig

pytestmark = pytest.mark.slow

IN_A_TEST = """
from rig.timeline.events import PinEdge

def test_waits_for_a_person(device, bench):
    print("now it waits", flush=True)
    bench.timeline.expect(PinEdge, lambda e: e.signal == "inputs.lock_feedback" and e.level, timeout=600)
"""
GET = ("csms", "call", "CP-BENCH-1", "GetConfiguration", '{"key": ["HeartbeatInterval"]}')


@pytest.fixture(autouse=True)
def home() -> Path:
    """Let this file use the folder of the worker, which its processes inherit."""
    return Path(os.environ["XDG_RUNTIME_DIR"])


@pytest.fixture
def in_a_test(tmp_path: Path) -> Iterator[Terminal]:
    """Pytest on the virtual bench in real time, within a test that waits for `inputs.lock_feedback`."""
    build(ROOT)
    test = tmp_path / "test_waits.py"
    test.write_text(IN_A_TEST)
    bench = f"--bench={ROOT}/benches/virtual-real.toml"
    plain = ("-s", "-p", "no:random_order", "-p", "no:cacheprovider", "-n0", "--timeout=600")
    records = ("--rig-record", str(tmp_path / "runs"))
    terminal = Terminal(sys.executable, "-m", "pytest", str(test), f"--rootdir={ROOT}", bench, *plain, *records)
    try:
        terminal.until("now it waits")
        yield terminal
    finally:
        terminal.end()


@pytest.fixture
def page() -> Iterator[str]:
    """The process of a `rig console` that has opened the virtual bench."""
    pytest.importorskip("nicegui", reason="needs the extra console: make setup-console")
    build(ROOT)
    terminal = Terminal(str(RIG), "console", "--port", "0", "--bench", "benches/virtual.toml")
    try:
        terminal.until("the page: ")
        yield str(terminal.process.pid)
    finally:
        terminal.end()


@pytest.fixture
def served() -> Iterator[str]:
    """The process of a `rig csms serve` to which a virtual charge point has connected."""
    build(ROOT)
    csms = Terminal(str(RIG), "csms", "serve", "--port", "0")
    device = None
    try:
        url = f"ws://127.0.0.1:{_port(csms)}/"
        device = Terminal(str(RIG), "device", "run", "--csms", url, "--id", "CP-BENCH-1")
        csms.until("StatusNotification")
        yield str(csms.process.pid)
    finally:
        for terminal in (device, csms):
            if terminal is not None:
                terminal.end()


def _port(csms: Terminal) -> int:
    csms.until("Ctrl-C ends it")
    (client,) = clients(pid=csms.process.pid)
    with client:
        port: int = client.request("state")["csms"]["port"]
    return port


def error_of(*arguments: str) -> str:
    """Return the one message of a command that was rejected."""
    result = run_rig(*arguments)
    assert (result.returncode, result.stdout) == (2, ""), result
    assert result.stderr.count("rig: ") == 1
    return result.stderr


def until(client: Client, is_wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Wait for an event."""
    assert any("event" in message and is_wanted(message["event"]) for message in client.pushed(LONGEST_S))


def every_command_acts(pid: str, *options: str) -> None:
    """Operate a bench by each command that acts."""
    for arguments in (
        ("power", "cycle"),
        ("input", "cable", "on"),
        ("fault", "inject", "latency", "ms=5", "--for", "0.1"),
        ("flash",),
    ):
        result = run_rig(*arguments, "--pid", pid, *options)
        assert result.returncode == 0, (arguments, result.stderr)
    (client,) = clients(pid=int(pid))
    with client:
        client.call("device.up", drive=True)  # the flash has booted the device, which must connect again
    answer = run_rig(*GET, "--pid", pid, *options)
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["configurationKey"][0]["value"] == "300"


def test_commands_drive_a_running_test(in_a_test: Terminal) -> None:
    """Without --drive each command is rejected and names the remedy; with it the test goes on."""
    pid = str(in_a_test.process.pid)
    for arguments in (("power", "cycle"), ("input", "cable", "on"), ("fault", "inject", "latency"), ("flash",), GET):
        assert "Add --drive to act nevertheless" in error_of(*arguments, "--pid", pid)
    every_command_acts(pid, "--drive")
    assert "no input named 'cabel'" in error_of("input", "cabel", "on", "--pid", pid, "--drive")
    assert run_rig("input", "lock_feedback", "on", "--pid", pid, "--drive").returncode == 0
    in_a_test.until(r"1 (passed|failed|error).* in ")


def test_a_second_driver_is_rejected_and_the_end_of_the_bench_is_reported(in_a_test: Terminal) -> None:
    """The second command's error names the first command. The first one reports when the bench ends during its call."""
    pid = str(in_a_test.process.pid)
    (client,) = clients(pid=in_a_test.process.pid)
    client.request("subscribe", kinds=["hand_act", "pin_edge"])
    pulses = [str(RIG), "input", "meter_pulse", "pulses", "100000", "--pid", pid, "--drive"]
    first = subprocess.Popen(pulses, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with client:
        until(client, lambda event: event.get("signal") == "inputs.meter_pulse")
    assert "rig input meter_pulse pulses" in (busy := error_of("power", "reset", "--pid", pid, "--drive"))
    assert "is acting on this bench now" in busy
    in_a_test.process.send_signal(signal.SIGKILL)
    _, errors = first.communicate(timeout=LONGEST_S)
    assert (first.returncode, errors.startswith("rig: the bench ended meanwhile")) == (2, True), errors


def test_commands_drive_the_bench_of_a_page(page: str) -> None:
    """No test runs on it, so --drive is not needed. A command that was interrupted no longer acts."""
    every_command_acts(page)
    (client,) = clients(pid=int(page))
    client.request("subscribe", kinds=["hand_act_failed", "pin_edge"])
    command = [str(RIG), "input", "meter_pulse", "pulses", "100000", "--pid", page]
    pulses = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with client:
        until(client, lambda event: event.get("signal") == "inputs.meter_pulse")
        pulses.send_signal(signal.SIGINT)
        until(client, lambda event: event["type"] == "hand_act_failed")
    assert pulses.wait(LONGEST_S) == 130
    assert run_rig("power", "reset", "--pid", page).returncode == 0


def test_commands_drive_a_csms_that_serves_alone(served: str) -> None:
    """It has calls and faults of its own; a call that needs a board is rejected."""
    answer = run_rig(*GET, "--pid", served)
    assert json.loads(answer.stdout)["configurationKey"][0]["key"] == "HeartbeatInterval"
    result = run_rig("fault", "inject", "csms-silent", "--for", "0.1", "--pid", served)
    assert (result.returncode, "csms-silent lifted" in result.stdout) == (0, True), result
    assert "needs a bench" in error_of("fault", "inject", "latency", "--pid", served)
    for arguments in (("power", "cycle"), ("input", "cable", "on"), ("flash",)):
        assert "It offers: csms" in error_of(*arguments, "--pid", served)
