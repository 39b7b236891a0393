"""`rig` as a process: its output, how it ends, and the examples in docs/cli.md."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from rig.faults import CATALOGUE
from rig.firmware.build import build

ROOT = Path(__file__).parents[2]
LISTENS = ("env", "--default-signal=INT,HUP")
"""A shell makes background processes and their children ignore Ctrl-C; this undoes it."""
ENDINGS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
RIG = Path(sys.executable).parent / "rig"
DOCUMENT = (ROOT / "docs" / "cli.md").read_text()
COMMANDS = re.findall(r"^    rig (.+)$", DOCUMENT, re.M)
SHORT = [command for command in COMMANDS if command.startswith(("bench", "doctor", "fault list", "fault inject"))]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a command in the project's folder, with pipes and without a terminal by default."""
    started: list[subprocess.Popen[str]] = []

    def run(
        *arguments: str,
        setsid: bool = False,
        cwd: Path = ROOT,
        program: Sequence[str] = (str(RIG),),
        **streams: int,
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*LISTENS, *(("setsid", "--ctty") if setsid else ()), *program, *arguments],
            cwd=cwd,
            text=True,
            **(dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE) | streams),
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def wait_for_line(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """Return the first output line that the pattern matches."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(pattern, line):
            return found
    raise AssertionError(f"no {pattern!r} in:\n{said}{process.communicate()[1]}")


@pytest.mark.parametrize("command", SHORT)
def test_the_short_examples_of_the_document_run(start: Start, command: str) -> None:
    build(ROOT)
    process = start(*shlex.split(command))
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    says = {"bench": "bench virtual of kind virtual", "doctor": "ok   description", "fault": "latency"}
    assert says[command.split()[0]] in output


def test_every_command_is_in_the_document() -> None:
    assert {" ".join(command.split()[:2]) for command in COMMANDS} == {
        "bench check",
        "new my-firmware-tests",
        "status",
        "log --level",
        "log -f",
        "power cycle",
        "input cable",
        "input auth_button",
        "led",
        "csms call",
        "csms answer",
        "fault lift",
        "flash",
        "fleet --points",
        "console",
        "record test_by_hand.py",
        "pause",
        "resume",
        "doctor --bench",
        "doctor --latency",
        "fault list",
        "fault inject",
        "csms serve",
        "csms play",
        "crash decode",
        "crash fetch",
        "log fetch",
        "doctor --wiring",
        "device run",
        "storage show",
        "storage convert",
        "report build",
        "report list",
    }


def test_a_fault_is_shown_from_beginning_to_end(start: Start) -> None:
    process = start("fault", "inject", "csms-gone", "--for", "0.2")
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    shown = re.findall(
        r"fault +(csms-gone(?: lifted)?)$|link +(CP-BENCH-1 \w+)$|^(the device is idle again)$", output, re.M
    )
    first, *middle, last = ["".join(found) for found in shown]
    assert (first, last) == ("csms-gone", "the device is idle again")
    # The fault is lifted when everything is restored; a fast device has reconnected by then.
    assert [event for event in middle if event.startswith("CP")] == ["CP-BENCH-1 disconnected", "CP-BENCH-1 connected"]
    assert "csms-gone lifted" in middle


@pytest.mark.parametrize("name", {fault.__module__: name for name, fault in CATALOGUE.items()}.values())
def test_a_fault_of_each_kind_leaves_an_idle_device(start: Start, name: str) -> None:
    """tests/hil/test_faults.py injects all of them."""
    build(ROOT)
    process = start("fault", "inject", name, "--for", "0.1")
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert f" {name} lifted\n" in output
    assert output.endswith("the device is idle again\n")


TURNED_ROUND = {
    "switch = { pin = 17 }": "switch = { pin = 17, active_low = true }",
    "rail_sense = { pin = 27 }": "rail_sense = { pin = 27, active_low = true }",
    "en = { pin = 22, active_low = true }": "en = { pin = 22 }",
    "boot = { pin = 23, active_low = true, gpio = 0 }": "boot = { pin = 23, gpio = 0 }",
}


@pytest.mark.parametrize("name", ["power-cut", "reset"])
def test_a_bench_behind_transistors_works_as_its_description_says(start: Start, tmp_path: Path, name: str) -> None:
    """The test also flashes the device, which needs power, EN, BOOT and the rail."""
    build(ROOT)
    described = (ROOT / "benches" / "virtual.toml").read_text()
    for plain, turned in TURNED_ROUND.items():
        assert plain in described
        described = described.replace(plain, turned)
    (tmp_path / "turned.toml").write_text(described)
    process = start("fault", "inject", name, "--for", "0.1", "--bench", str(tmp_path / "turned.toml"))
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert output.endswith("the device is idle again\n")


@ENDINGS
def test_a_signal_during_a_fault_lifts_it(start: Start, number: signal.Signals) -> None:
    process = start("fault", "inject", "access-point-gone", "--for", "600")
    wait_for_line(process, "access point down")
    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "")
    given_back = re.findall(r"network +(access point up)$|fault +(access-point-gone lifted)$", output, re.M)
    assert ["".join(found) for found in given_back] == ["access point up", "access-point-gone lifted"]
    assert not (ROOT / ".plugbench" / "run" / f"{process.pid}-1").exists()


SLOW = """
import sys
import rig.util.signals
from rig.cli.start import main
from rig.faults.catalogue import CATALOGUE
from rig.faults.network import AccessPointGone

class Slow(AccessPointGone):
    def apply(self, bench, restore):
        restore.callback(bench.network.up)
        restore.callback(sys.stdin.readline)
        restore.callback(print, "taking back", flush=True)
        bench.network.down()

CATALOGUE["access-point-gone"] = Slow
rig.util.signals._ECHO_S = 3600  # on a slow machine, too, another Ctrl-C counts as the same request
main()
"""


@ENDINGS
def test_further_signals_do_not_interrupt_the_lifting_of_a_fault(start: Start, number: signal.Signals) -> None:
    """After Ctrl-C the terminal closes, and a CI server sends further signals."""
    process = start("fault", "inject", "access-point-gone", "--for", "600", program=(sys.executable, "-c", SLOW))
    wait_for_line(process, "access point down")
    process.send_signal(number)
    wait_for_line(process, "taking back")
    for another in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process.send_signal(another)
    output, errors = process.communicate("\n", timeout=20)
    assert (process.returncode, errors) == (130, "")
    given_back = re.findall(r"network +(access point up)$|fault +(access-point-gone lifted)$", output, re.M)
    assert ["".join(found) for found in given_back] == ["access point up", "access-point-gone lifted"]
    assert not (ROOT / ".plugbench" / "run" / f"{process.pid}-1").exists()


@ENDINGS
def test_a_signal_during_the_lifting_of_a_fault_waits(start: Start, number: signal.Signals) -> None:
    process = start("fault", "inject", "access-point-gone", "--for", "0", program=(sys.executable, "-c", SLOW))
    wait_for_line(process, "taking back")
    process.send_signal(number)
    output, errors = process.communicate("\n", timeout=20)
    assert (process.returncode, errors) == (130, "")
    given_back = re.findall(r"network +(access point up)$|fault +(access-point-gone lifted)$", output, re.M)
    assert ["".join(found) for found in given_back] == ["access point up", "access-point-gone lifted"]
    assert "idle again" not in output
    assert not (ROOT / ".plugbench" / "run" / f"{process.pid}-1").exists()


def test_a_fault_is_lifted_when_the_terminal_closes(start: Start) -> None:
    """When an ssh session closes, the kernel sends SIGHUP, and later output fails."""
    terminal, its_end = os.openpty()
    process = start("fault", "inject", "access-point-gone", "--for", "600", stdin=its_end, stdout=its_end, setsid=True)
    os.close(its_end)
    shown = b""
    while b"access point down" not in shown:
        shown += os.read(terminal, 4096)
    run_folder = ROOT / ".plugbench" / "run" / f"{process.pid}-1"
    assert run_folder.exists()
    os.close(terminal)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "")
    assert not run_folder.exists()


@ENDINGS
def test_a_signal_ends_a_charge_point_without_leftovers(start: Start, number: signal.Signals) -> None:
    build(ROOT)
    process = start("device", "run", "--csms", "ws://127.0.0.1:9/", "--id", "CP-7")
    wait_for_line(process, "app: ready")
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert not (ROOT / ".plugbench" / "run" / f"{process.pid}-1").exists()


@ENDINGS
def test_a_signal_ends_a_csms(start: Start, number: signal.Signals) -> None:
    process = start("csms", "serve", "--port", "0")
    wait_for_line(process, "CSMS at")
    process.send_signal(number)
    assert process.communicate(timeout=20) == ("ended\n", "")
    assert process.returncode == 0


def test_traffic_of_a_charge_point_with_a_csms_becomes_a_report(start: Start, tmp_path: Path) -> None:
    build(ROOT)
    csms = start("csms", "serve", "--port", "0", "--record", str(tmp_path / "run.jsonl"))
    url = wait_for_line(csms, r"ws://127\.0\.0\.1:\d+/")[0]
    device = start("device", "run", "--csms", url, "--id", "CP-7")
    wait_for_line(csms, r"CP-7 .*BootNotification result .*Accepted")
    assert device.stdin is not None
    device.stdin.write("!cable 1\n")
    device.stdin.flush()
    wait_for_line(csms, r"CP-7 .*StatusNotification .*Preparing")
    for process in (device, csms):
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        notices = r"(building the device .*\n)?(the device's page: http://127\.0\.0\.1:\d+/\n)?"
        assert re.fullmatch(notices, errors), errors
    assert not (ROOT / ".plugbench" / "run" / f"{device.pid}-1").exists()

    report = start("report", "build", str(tmp_path), "--out", str(tmp_path / "report"))
    output, errors = report.communicate(timeout=30)
    assert (report.returncode, output.strip(), errors) == (0, str(tmp_path / "report" / "index.html"), "")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["bench", "check", "none.toml"], 2, "rig: none.toml: no such file. Bench descriptions here: "),
        (["doctor", "--bench", "none.toml"], 1, ""),
        (["fault", "inject", "tea"], 2, "rig: There is no fault 'tea'"),
        (["csms", "serve", "--port", "70000"], 2, "Invalid value for '--port'"),
        (
            ["device", "run", "--csms", "tea", "--id", "CP-1"],
            2,
            "rig: --csms 'tea' must begin with ws://",
        ),
        (["report", "build", "none"], 2, "rig: no record of a run at none: "),
        (["tea"], 2, "No such command 'tea'"),
    ],
)
def test_an_error_is_one_message_and_an_exit_code(start: Start, arguments: list[str], code: int, says: str) -> None:
    process = start(*arguments)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in errors) == (code, False)
    assert says in errors


def test_a_port_in_use_is_reported_with_its_holder(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start("csms", "serve", "--port", str(taken.getsockname()[1]))
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert re.fullmatch(r"rig: CSMS: 127\.0\.0\.1 port \d+ is taken by .*\n", errors)
