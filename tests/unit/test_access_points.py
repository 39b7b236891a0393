"""Access points of real benches: prompts to a person, and calls of NetworkManager."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.wiring.access_points import Nmcli

ROOT = Path(__file__).parents[2]
SWITCH = """
import os, sys
if len(sys.argv) > 1:
    os.open(sys.argv[1], os.O_RDWR)  # the first terminal that a session leader opens becomes its controlling terminal
from rig.wiring.access_points import open_access_point
from rig.config.description import ManualAccessPoint
from rig.util.errors import BenchError
access_point = open_access_point(ManualAccessPoint(kind="manual"))
try:
    access_point.down()
    print("it is down")
    access_point.up()
    print("it is up")
except BenchError as error:
    print(error)
"""


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """Return one end of a terminal, and the name of the other one."""
    far, near = pty.openpty()
    yield far, os.ttyname(near)
    os.close(far)
    os.close(near)


def switch(*arguments: str) -> subprocess.Popen[str]:
    """Start a program that switches a manual access point, in its own session, without stdin and stdout."""
    return subprocess.Popen(
        [sys.executable, "-c", SWITCH, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def asked(far: int, state: str) -> None:
    """Read from the terminal until it asks to switch to that state."""
    shown = b""
    while f"Switch the access point {state} now, then press Enter: ".encode() not in shown:
        assert select.select([far], [], [], 30)[0], f"it does not ask for {state}: {shown!r}"
        shown += os.read(far, 1000)


def test_a_person_is_prompted_on_the_terminal(terminal: tuple[int, str]) -> None:
    far, near = terminal
    program = switch(near)
    try:
        for state in ("off", "on"):
            asked(far, state)
            assert program.poll() is None, "it waits for the person"
            os.write(far, b"\n")
        assert program.communicate(timeout=30)[0] == "it is down\nit is up\n"
    finally:
        program.kill()
        program.communicate()


def test_without_a_terminal_a_manual_access_point_is_an_error() -> None:
    output, _ = switch().communicate(timeout=30)
    assert output.startswith("a person must switch the access point off, but there is no terminal for the prompt. Run")


def test_signals_of_the_terminal_do_not_end_nmcli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal sends its signals to all processes of its session."""
    nmcli = tmp_path / "nmcli"
    nmcli.write_text(
        f"#!{sys.executable}\nimport os, sys\nprint(os.getsid(0), sys.argv[1:], file=open('called', 'w'))\n"
    )
    nmcli.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    Nmcli("bench").up()
    session, _, arguments = (tmp_path / "called").read_text().partition(" ")
    assert int(session) != os.getsid(0)
    assert arguments == "['connection', 'up', 'bench']\n"
