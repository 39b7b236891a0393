"""SIGTERM and SIGHUP as another Ctrl-C: what the first does, what a second does, and who does not hear them."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import signal, sys, threading
from rig.ending import end_as_by_ctrl_c
stop = end_as_by_ctrl_c()
try:
    print("at work", flush=True)
    threading.Event().wait(60)
except KeyboardInterrupt as why:
    print("giving back after", why, flush=True)
    threading.Event().wait({giving_back})
print("done", flush=True)
stop()
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
"""


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """One that gives back for so many seconds, started by these words."""
    seconds, *starter = request.param
    with subprocess.Popen(
        [*starter, sys.executable, "-c", PROGRAM.replace("{giving_back}", str(seconds))],
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


@pytest.mark.parametrize("program", [(3.0, "env", "--default-signal=HUP")], indirect=True)
def test_one_wish_may_come_more_than_once(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGTERM)
    assert says(program) == "giving back after SIGTERM\n"
    program.send_signal(signal.SIGTERM)
    program.send_signal(signal.SIGHUP)
    assert says(program) == "done\n"
    assert program.wait(20) == 0


@pytest.mark.parametrize("program", [(600.0, "env", "--default-signal=HUP")], indirect=True)
def test_a_later_one_ends_what_hangs_while_it_gives_back(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGHUP)
    assert says(program) == "giving back after SIGHUP\n"
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(2)
    program.send_signal(signal.SIGTERM)
    assert program.wait(20) == -signal.SIGTERM


@pytest.mark.parametrize("program", [(0.0, "nohup")], indirect=True)
def test_who_was_started_not_to_hear_it_does_not(program: subprocess.Popen[str]) -> None:
    program.send_signal(signal.SIGHUP)
    program.send_signal(signal.SIGTERM)
    assert says(program) == "giving back after SIGTERM\n"
    assert program.wait(20) == 0
