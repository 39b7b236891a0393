"""SIGTERM and SIGHUP act as Ctrl-C: the first signal, later ones, and ignored ones."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import select, signal, sys
import rig.util.signals
rig.util.signals._ECHO_S = {echo_s}
stop = rig.util.signals.end_as_by_ctrl_c()
def wait_for_a_line():
    # Short waits: a signal that arrives just before a wait is handled when the wait ends.
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        pass
    sys.stdin.readline()
def clean_up(reason):
    try:
        print("cleanup after", reason, flush=True)
        wait_for_a_line()
    except KeyboardInterrupt:
        print("step aborted", flush=True)
try:
    if {by_signal}:
        print("at work", flush=True)
        wait_for_a_line()
    else:
        with rig.util.signals.uninterrupted():
            with rig.util.signals.uninterrupted():
                print("at work", flush=True)
                clean_up("the end")
            print("cleaned up", flush=True)
        print("no signal", flush=True)
except KeyboardInterrupt as signal_name:
    clean_up(signal_name)
print("done", flush=True)
stop()
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
"""
AT_ONCE, NEVER = 0, 3600
"""Signals further apart than this, in s, count as separate requests."""


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Start a program that prints its progress and, cleans up until a line arrives."""
    by_signal, echo_s, *starter = request.param
    script = PROGRAM.replace("{by_signal}", str(by_signal)).replace("{echo_s}", str(echo_s))
    with subprocess.Popen(
        [*starter, sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        yield process
        process.kill()


def says(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline()


def go_on(program: subprocess.Popen[str]) -> None:
    assert program.stdin is not None
    program.stdin.write("\n")
    program.stdin.flush()


LISTENS = ("env", "--default-signal=INT,HUP")


@pytest.mark.parametrize("program", [(True, NEVER, *LISTENS)], indirect=True)
def test_the_same_request_may_arrive_as_several_signals(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGINT)
    assert says(program) == "cleanup after SIGINT\n"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        program.send_signal(number)
    go_on(program)
    assert says(program) == "done\n"
    assert program.wait(20) == 0


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("program", [(True, AT_ONCE, *LISTENS)], indirect=True)
def test_cleanup_is_not_interrupted_by_another_request(program: subprocess.Popen[str], first: signal.Signals) -> None:
    program.send_signal(first)
    assert says(program) == f"cleanup after {first.name}\n"
    program.send_signal(signal.SIGTERM)
    program.send_signal(signal.SIGHUP)
    go_on(program)
    assert says(program) == "done\n"
    assert program.wait(20) == 0


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("program", [(True, AT_ONCE, *LISTENS)], indirect=True)
def test_another_ctrl_c_skips_a_hanging_step_of_the_cleanup(
    program: subprocess.Popen[str], first: signal.Signals
) -> None:
    program.send_signal(first)
    assert says(program) == f"cleanup after {first.name}\n"
    program.send_signal(signal.SIGINT)
    assert says(program) == "step aborted\n"
    assert says(program) == "done\n"
    assert program.wait(20) == 0


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("program", [(False, NEVER, *LISTENS)], indirect=True)
def test_a_signal_during_cleanup_is_deferred(program: subprocess.Popen[str], first: signal.Signals) -> None:
    assert says(program) == "cleanup after the end\n"
    program.send_signal(first)
    program.send_signal(signal.SIGTERM)
    go_on(program)
    assert says(program) == "cleaned up\n"
    assert says(program) in (f"cleanup after {first.name}\n", "cleanup after SIGTERM\n")  # the kernel's order
    go_on(program)
    assert says(program) == "done\n"
    assert program.wait(20) == 0


@pytest.mark.parametrize("program", [(True, NEVER, "nohup")], indirect=True)
def test_an_ignored_signal_stays_ignored(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGHUP)
    program.send_signal(signal.SIGTERM)
    assert says(program) == "cleanup after SIGTERM\n"
    go_on(program)
    assert program.wait(20) == 0


CLOSES = """
import signal, sys
from pathlib import Path
from rig.bench import Bench
from rig.bench.bench_file import load
from rig.util.signals import end_as_by_ctrl_c

end_as_by_ctrl_c()
bench = Bench(load("benches/virtual.toml"), root=Path(sys.argv[1])).open()
power = bench.power


def step():
    signal.raise_signal(signal.SIGTERM)
    print("the step continues")


bench._open.callback(step)
try:
    bench.close()
except KeyboardInterrupt as interrupt:
    print("ended by", interrupt, power.is_on, bench.is_open, "wiring" in vars(bench))
"""


def test_closing_a_bench_is_not_interrupted_by_a_first_signal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLOSES, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("the step continues\nended by SIGTERM False False False\n", "")
