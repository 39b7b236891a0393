"""Whatever ends pytest: no process, no socket and no file is left behind."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .conftest import Start

BLOCKS = """
import json, os, threading

def test_it(device, bench, csms):
    children = open(f"/proc/self/task/{bench_thread()}/children").read().split()
    print("AT WORK", json.dumps({"children": children, "ports": [csms.port, bench.network.csms_port]}), flush=True)
    threading.Event().wait(600)

def bench_thread():
    threads = {t.name: t.native_id for t in threading.enumerate()}
    return threads["virtual-board"]
"""


@dataclass
class AtWork:
    """What a running pytest holds."""

    device: int
    """A pidfd of the device's process."""
    ports: list[int]


def at_work(process: subprocess.Popen[str]) -> AtWork:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "AT WORK" in line:
            held = json.loads(line.partition("AT WORK")[2])
            (child,) = held["children"]
            return AtWork(os.pidfd_open(int(child)), held["ports"])
    raise AssertionError(said)


def is_dead(device: int) -> bool:
    dead = bool(select.select([device], [], [], 5)[0])
    os.close(device)
    return dead


def is_free(port: int) -> bool:
    with socket.create_server(("127.0.0.1", port)):
        return True


def shared_memory(process: subprocess.Popen[str]) -> set[Path]:
    """The files in /dev/shm that a process holds: other programs of the computer have theirs there, too."""
    maps = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
    return {Path("/dev/shm" + line.partition("/dev/shm")[2]) for line in maps if "/dev/shm/" in line}


def run_folders(project: Path) -> list[str]:
    return [path.name for path in (project / ".plugbench" / "run").iterdir() if path.is_dir()]


def test_after_ctrl_c(start: Start, project: Path) -> None:
    process = start(BLOCKS)
    held = at_work(process)
    memory = shared_memory(process)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 2, output
    assert "KeyboardInterrupt" in output
    assert is_dead(held.device)
    assert all(is_free(port) for port in held.ports)
    assert run_folders(project) == []
    assert [path for path in memory if path.exists()] == []


def test_after_kill_9_the_next_start_reclaims_what_was_left(start: Start, project: Path) -> None:
    process = start(BLOCKS)
    held = at_work(process)
    process.kill()
    process.communicate(timeout=20)
    assert is_dead(held.device), "it goes with its host"
    assert all(is_free(port) for port in held.ports)
    assert run_folders(project) == [f"{process.pid}-1"]
    again = start("def test_it(device): device.verify_idle()")
    output, _ = again.communicate(timeout=60)
    assert "1 passed" in output
    assert run_folders(project) == []
