"""A closed board, or a killed host, leaves nothing behind."""

from __future__ import annotations

import gc
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

from rig.firmware.partitions import TABLE_OFFSET, to_binary
from rig.util.clock import BenchClock
from rig.wiring.virtual import open_wiring
from rig.wiring.virtual.run_directory import RunDirectory

from .conftest import ROOT, Description, Desk

HOST = """
import sys
from pathlib import Path
from rig.util.clock import BenchClock
from rig.firmware.partitions import TABLE_OFFSET, read_csv, to_binary
from rig.wiring.virtual.board import Board, BoardPins
from rig.wiring.virtual.flash import Flash
from rig.wiring.virtual.pins import Wires
from rig.wiring.virtual.run_directory import RunDirectory
root, app = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()
table = read_csv(Path("firmware/partitions.csv"))
run = RunDirectory(root)
flash = Flash(run.path / "flash.bin")
flash.program(TABLE_OFFSET, to_binary(table))
flash.program(table["ota_0"].offset, app)
wires = Wires()
board = Board(wires, BoardPins(power_switch=17), flash, BenchClock())
wires.change(wires[17], pi_drive=True)
board.set("ap", "up", 0, 0)
print(board.device_pid, flush=True)
sys.stdin.read()
"""


def descriptors_open() -> list[str]:
    gc.collect()  # collects descriptors of other tests in reference cycles
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_close_leaves_nothing(tmp_path, table, app):
    # At first use, Python opens some descriptors that are not the board's.
    Desk(open_wiring(Description(), BenchClock(), tmp_path)).close()
    threads, descriptors = threading.active_count(), descriptors_open()
    desk = Desk(open_wiring(Description(), BenchClock(), tmp_path))
    desk.write_flash((TABLE_OFFSET, to_binary(table)), (table["ota_0"].offset, app))
    desk.power.on()
    desk.port.expect("board: go")
    desk.download.on()
    desk.press_reset()
    desk.port.expect("waiting for download")
    desk.download.off()
    desk.press_reset()
    desk.port.expect("board: go")
    desk.close()
    assert threading.active_count() == threads
    assert descriptors_open() == descriptors
    assert [path.name for path in (tmp_path / ".plugbench" / "run").iterdir()] == ["lock"]
    assert not Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def test_after_kill_9_of_the_host_the_device_dies_and_the_next_start_cleans_up(tmp_path, app):
    image = tmp_path / "app.bin"
    image.write_bytes(app)
    host = subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path), str(image)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
    )
    assert host.stdout is not None
    pid = int(host.stdout.readline())
    device = os.pidfd_open(pid)
    assert not select.select([device], [], [], 0)[0], "the device runs"
    host.send_signal(signal.SIGKILL)
    host.communicate()
    assert select.select([device], [], [], 5)[0], "the device outlived its host"
    os.close(device)
    left = tmp_path / ".plugbench" / "run" / f"{host.pid}-1"
    assert left.exists()
    RunDirectory(tmp_path).close()
    assert not left.exists()


def test_the_run_folder_of_a_living_process_stays(tmp_path):
    first = RunDirectory(tmp_path)
    second = RunDirectory(tmp_path)
    assert first.path.exists()
    assert second.path != first.path
    first.close()
    second.close()
