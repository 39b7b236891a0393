"""`rig device run`: the virtual charge point without a bench."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.cli.device_run import run_device
from rig.firmware.filesystem import read_filesystem, update_filesystem
from rig.firmware.partitions import read_csv
from rig.util.errors import BenchError
from rig.wiring.virtual.flash import Flash

from .conftest import ROOT

PROGRAM = """
import sys
from pathlib import Path
from rig.cli.device_run import run_device
flash = Path(sys.argv[2]) if len(sys.argv) > 2 else None
run_device("ws://127.0.0.1:9/ocpp", "CP-1", Path(sys.argv[1]), flash=flash)
"""


class Terminal:
    """The program with its input and output, as on a terminal."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            # A shell makes background processes and their children ignore Ctrl-C.
            ["env", "--default-signal=INT", sys.executable, "-c", PROGRAM, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            bufsize=0,
        )
        self.shown = ""

    def expect(self, text: str, timeout: float = 120.0) -> None:
        assert self.process.stdout is not None
        deadline = time.monotonic() + timeout
        while text not in self.shown:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                pytest.fail(f"no {text!r} within {timeout} s in:\n{self.shown}")
            data = os.read(self.process.stdout.fileno(), 4096)
            assert data, f"the program ended:\n{self.shown}"
            self.shown += data.decode()
        self.shown = self.shown.partition(text)[2]

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Create a project whose firmware is the test device."""
    firmware = tmp_path / "firmware"
    (firmware / "host").mkdir(parents=True)
    (firmware / "host" / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\nproject(p C)\nadd_executable(plugbench-device device.c)\n"
        "target_compile_definitions(plugbench-device PRIVATE _GNU_SOURCE)\n"
    )
    (firmware / "host" / "device.c").write_bytes(Path(__file__).with_name("device.c").read_bytes())
    (firmware / "version.txt").write_text("1\n")
    (firmware / "partitions.csv").write_bytes((ROOT / "firmware" / "partitions.csv").read_bytes())
    return tmp_path


@pytest.fixture
def terminal(project: Path) -> Iterator[Terminal]:
    opened = Terminal(str(project))
    yield opened
    opened.process.kill()
    opened.process.communicate()


def test_the_terminal_shows_the_console_and_the_keyboard_controls_the_board(terminal):
    terminal.expect("reset=power_on")
    terminal.expect("board: pin 25 0")
    terminal.expect("board: go")
    terminal.type("hello")
    terminal.expect("= hello")
    terminal.type("!cable 1")
    terminal.expect("board: pin 32 1")
    terminal.type("!pulses 2")
    terminal.expect("board: pin 27 1\nboard: pin 27 0\nboard: pin 27 1\nboard: pin 27 0")
    terminal.type("!reset")
    terminal.expect("reset=external")
    terminal.type("!power off")
    terminal.type("!power on")
    terminal.expect("reset=power_on")
    terminal.type("!ap down")
    terminal.expect("board: ap down 0 0")
    terminal.type("!help")
    terminal.expect("!power on|off")
    for line in ("what", "", "cable", "pulses 0", "pulses 100001", "pulses " + "9" * 5000):
        terminal.type(f"!{line}")
        terminal.expect(f"! no such command: {line!r}; !help lists them\n")
    terminal.type("still here")
    terminal.expect("= still here")


@pytest.mark.parametrize("name", [".plugbench", "build"])
def test_a_folder_that_cannot_be_written_to_is_named(project, name):
    (project / name).touch()
    with pytest.raises(
        BenchError, match=f"{project}/{name}/.* cannot be written to: Not a directory\\. Make it a folder"
    ):
        run_device("ws://127.0.0.1:9/ocpp", "CP-1", project)


def test_ctrl_c_ends_the_program_without_leftovers(terminal, project):
    terminal.expect("board: go")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(10) == 0
    assert [path.name for path in (project / ".plugbench" / "run").iterdir()] == ["lock"]


def test_a_flash_file_keeps_stored_files(project):
    file = project / "kept.bin"
    table = read_csv(project / "firmware" / "partitions.csv")
    coredump, storage = table["coredump"], table["storage"]
    for round_number in range(2):
        terminal = Terminal(str(project), str(file))
        terminal.expect("board: go")
        terminal.type(f"program {coredump.offset:x} 5a")
        terminal.expect("= program")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(10) == 0
        terminal.process.communicate()
        flash = Flash(file)
        assert flash.read(coredump.offset, 1) == b"\x5a"
        image = flash.read(storage.offset, storage.size)
        files = read_filesystem(image)
        assert json.loads(files["config.json"])["csms_url"] == "ws://127.0.0.1:9/ocpp"
        # Stored files, and another CSMS than the one of the command line, survive the next start.
        if round_number == 0:
            changed = {"tx-1": b"energy", "config.json": b'{"csms_url":"ws://old","log_level":"debug"}'}
            flash.erase(storage.offset, storage.size)
            flash.program(storage.offset, update_filesystem(image, changed))
        flash.close()
    assert files["tx-1"] == b"energy"
    assert json.loads(files["config.json"])["log_level"] == "debug"
