"""The commands from a second terminal: with pytest in a pause, with a served CSMS, and without a bench."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.firmware.build import build
from rig.live.client import Client, clients
from tests.unit.live.terminal import LONGEST_S, RIG, ROOT, Terminal, run_rig


@pytest.fixture(autouse=True)
def home() -> Path:
    """Let this file use the folder of the worker, which its processes inherit."""
    return Path(os.environ["XDG_RUNTIME_DIR"])


@pytest.fixture
def paused(tmp_path: Path) -> Iterator[Terminal]:
    """Pytest, paused in a red test of the virtual bench."""
    with paused_session(tmp_path) as terminal:
        yield terminal


@pytest.fixture(scope="module")
def same_pause(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Pytest, paused in a red test, for all tests of the file that change nothing."""
    with paused_session(tmp_path_factory.mktemp("paused")) as terminal:
        yield terminal


@contextlib.contextmanager
def paused_session(tmp_path: Path) -> Iterator[Terminal]:
    """Run pytest on a terminal within the block, paused in a red test. Its records are in `runs`."""
    build(ROOT)
    test = tmp_path / "test_red.py"
    test.write_text(
        "def test_red(device, console):\n"
        "    console.command('log note for the fetch')\n"
        "    console.command('log flush')\n"
        "    assert False\n\n"
        "def test_next(device):\n    pass\n"
    )
    plain = ("-p", "no:randomly", "-p", "no:random_order", "-p", "no:cacheprovider", "-n0")
    bench = f"--bench={ROOT}/benches/virtual.toml"
    records = ("--rig-record", str(tmp_path / "runs"))
    terminal = Terminal(
        sys.executable, "-m", "pytest", str(test), f"--rootdir={ROOT}", bench, *plain, *records, "--pause-on-fail"
    )
    terminal.until("Press Enter to continue")
    try:
        yield terminal
    finally:
        terminal.end()


def pid_of(terminal: Terminal) -> str:
    return str(terminal.process.pid)


def test_every_command_works_on_a_paused_session(paused: Terminal, tmp_path: Path) -> None:
    pid = pid_of(paused)

    def done(*arguments: str) -> str:
        result = run_rig(*arguments, "--pid", pid)
        assert result.returncode == 0, result.stderr
        return result.stdout

    assert "test_red did not pass" in done("status")
    log = subprocess.Popen([RIG, "log", "-f", "--pid", pid], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    done("power", "cycle")
    assert done("input", "cable", "on").startswith("cable            on")
    assert json.loads(done("led", "--json"))["leds"].keys() == {"status", "network", "fault"}
    assert log.stdout is not None
    assert any("charging: cable plugged in" in line for line in log.stdout)
    log.send_signal(signal.SIGINT)
    log.communicate()
    answer = done("csms", "call", "CP-BENCH-1", "GetConfiguration", '{"key": ["HeartbeatInterval"]}')
    assert json.loads(answer)["configurationKey"][0]["key"] == "HeartbeatInterval"
    done("csms", "answer", "Authorize", '{"idTagInfo": {"status": "Blocked"}}')
    assert "latency lifted" in done("fault", "inject", "latency", "ms=5", "--for", "0.2")
    events = [json.loads(line) for line in done("fault", "inject", "no-pong", "--for", "0", "--json").splitlines()]
    assert [event["fault"] for event in events if "fault" in event] == ["no-pong", "no-pong"]
    log = done("log", "fetch")
    assert re.search(r"^(\S+ )?I \(0\) boot: plugbench-cp .* reset=", log.splitlines()[0])
    assert "note: for the fetch" in log
    assert "plugbench-cp.bin" in done("flash")
    snapshot = json.loads(done("snapshot", str(tmp_path / "snapshot.zip"), "--json"))
    with zipfile.ZipFile(snapshot["file"]) as archive:
        assert "charging: cable plugged in" in archive.read("console.log").decode()
        assert len(archive.read("run.jsonl").splitlines()) == snapshot["events"]
        assert json.loads(archive.read("state.json"))["configuration"]["CP-BENCH-1"]["HeartbeatInterval"] == "300"
    done("resume")
    assert "1 failed, 1 passed" in re.sub(r"\x1b\[[0-9;]*m", "", paused.until("passed.* in "))


def test_the_acts_are_in_the_record(paused: Terminal, tmp_path: Path) -> None:
    run_rig("input", "cable", "on", "--pid", pid_of(paused))
    (record,) = tmp_path.glob("runs/*/run.jsonl")
    acts = [event for event in map(json.loads, record.read_text().splitlines()) if event["type"] == "hand_act"]
    assert [(act["call"], act["arguments"]) for act in acts] == [("input.set", {"name": "cable", "on": True})]
    assert acts[0]["by"].startswith("rig input cable on (process ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("input", "cabel", "on"), "this bench has no input named 'cabel'. Did you mean 'cable'"),
        (("csms", "call", "CP-9", "Reset"), "no charge point 'CP-9' has connected. Known ones: CP-BENCH-1"),
        (("csms", "call", "CP-BENCH-1", "Reset", "{"), "the payload is not JSON"),
        (("csms", "call", "CP-BENCH-1", "Reset", '{"type": "Warm"}'), "breaks its schema"),
        (("fault", "lift"), "no such fault was injected by hand"),
        (("flash", "/nowhere"), "/nowhere"),
        (("pause", "--bench", "benches/pi.toml"), "no bench of benches/pi.toml is open"),
    ],
)
def test_a_wrong_argument_is_one_message(same_pause: Terminal, arguments: tuple[str, ...], message: str) -> None:
    result = run_rig(*arguments, "--pid", pid_of(same_pause))
    assert (result.returncode, message in result.stderr) == (2, True), result.stderr
    assert result.stderr.startswith("rig: ")


def test_a_bench_that_ends_meanwhile_is_one_message(paused: Terminal) -> None:
    (client,) = clients(pid=paused.process.pid)
    client.request("subscribe")
    command = [str(RIG), "fault", "inject", "latency", "ms=5", "--for", "600", "--pid", pid_of(paused)]
    inject = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    command = [str(RIG), "log", "-f", "--pid", pid_of(paused)]
    log = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert log.stdout is not None
    log.stdout.readline()
    with client:
        _until(client, "fault_injected")
    paused.process.send_signal(signal.SIGKILL)
    assert log.communicate(timeout=LONGEST_S)[1] == "the bench ended: its process has ended\n"
    _, errors = inject.communicate(timeout=LONGEST_S)
    assert (inject.returncode, errors.startswith("rig: the bench ended meanwhile")) == (2, True), errors


def test_a_fault_ends_with_its_command(paused: Terminal) -> None:
    (client,) = clients(pid=paused.process.pid)
    client.request("subscribe")
    command = [str(RIG), "fault", "inject", "latency", "ms=5", "--for", "600", "--pid", pid_of(paused)]
    inject = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    with client:
        _until(client, "fault_injected")
        inject.kill()
        inject.wait()
        _until(client, "fault_lifted")


def test_a_command_opens_a_bench_when_none_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another folder of sockets hides the paused session of this file."""
    build(ROOT)
    monkeypatch.setenv("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="plugbench-", dir=os.environ["XDG_RUNTIME_DIR"]))
    result = run_rig("csms", "call", "CP-BENCH-1", "GetConfiguration", '{"key": ["HeartbeatInterval"]}')
    assert (result.returncode, result.stderr) == (0, "bringing the device up …\n")
    assert json.loads(result.stdout)["configurationKey"][0]["value"] == "300"


def test_a_served_csms_offers_what_it_has() -> None:
    terminal = Terminal(str(RIG), "csms", "serve", "--port", "0")
    terminal.until("Ctrl-C ends it")
    try:
        pid = pid_of(terminal)
        status = run_rig("status", "--pid", pid, "--json")
        assert json.loads(status.stdout)[0]["csms"]["charge_points"] == {}
        rejected = run_rig("power", "on", "--pid", pid)
        assert (rejected.returncode, "has no call 'power.on'. It offers: csms.call" in rejected.stderr) == (2, True)
    finally:
        terminal.end()


def _until(client: Client, kind: str) -> None:
    """Wait for the first event of a type."""
    for message in client.pushed(LONGEST_S):
        if message.get("event", {}).get("type") == kind:
            return
    raise AssertionError(f"no {kind}")
