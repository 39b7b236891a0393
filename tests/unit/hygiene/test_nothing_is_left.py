"""After any end of pytest, no process, socket or file is left."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import Start

BLOCKS = """
import json, os, threading
from rig.faults import AccessPointGone

def test_it(device, bench, csms):
    (child,) = open(f"/proc/self/task/{bench_thread()}/children").read().split()
    held = {"processes": [os.getpid(), int(child)], "ports": [csms.port, bench.network.csms_port]}
    with bench.inject(AccessPointGone()):
        with open("news", "w") as news:
            news.write(json.dumps(held) + "\\n")
        for _ in range(6000):
            threading.Event().wait(0.1)  # short waits: Python handles a signal that comes just before a wait at its end

def bench_thread():
    threads = {t.name: t.native_id for t in threading.enumerate()}
    return threads["virtual-board"]
"""


@dataclass
class AtWork:
    """The resources of a running pytest, or of a worker."""

    processes: list[int]
    """Pidfds of the device and of its parent process."""
    sockets: set[str]
    """The inodes of its listening sockets; port numbers can be reused as soon as they are free."""
    shared: set[Path]
    """The shared memory files that it and its device have open or mapped."""


def in_shared_memory(*processes: int) -> set[Path]:
    """Return the files of /dev/shm that these processes have open or mapped; other programs have files there, too."""
    held = set()
    for process in processes:
        proc = Path(f"/proc/{process}")
        held |= {line.split(maxsplit=5)[-1] for line in (proc / "maps").read_text().splitlines()}
        for descriptor in (proc / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed since the listing
                held.add(str(descriptor.readlink()))
    return {Path(path) for path in held if path.startswith("/dev/shm/")}


def at_work(process: subprocess.Popen[str], project: Path, benches: int = 1) -> list[AtWork]:
    """Return the resources of pytest as soon as a test runs on each of its benches."""
    ended, received = os.pidfd_open(process.pid), b""
    news = os.open(project / "news", os.O_RDWR)  # also for writing, so that no end of file follows a writer's close
    try:
        while received.count(b"\n") < benches:
            ready = select.select([news, ended], [], [], 60)[0]
            if news not in ready:
                os.killpg(process.pid, signal.SIGKILL)
                raise AssertionError(process.communicate()[0])
            received += os.read(news, 65536)
    finally:
        os.close(news)
        os.close(ended)
    return [
        AtWork(
            [os.pidfd_open(each) for each in held["processes"]],
            {inode for inode, port in listening().items() if port in held["ports"]},
            in_shared_memory(*held["processes"]),
        )
        for held in map(json.loads, received.splitlines())
    ]


def is_dead(process: int) -> bool:
    dead = bool(select.select([process], [], [], 5)[0])
    os.close(process)
    return dead


def listening() -> dict[str, int]:
    """Return the ports of this machine's listening TCP sockets by inode (proc_pid_net(5))."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9]: int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}


def run_folders(project: Path) -> list[str]:
    return [path.name for path in (project / ".plugbench" / "run").iterdir() if path.is_dir()]


def ended(record: Path) -> bool:
    """Return whether the record has the lifted fault and its end."""
    types = [json.loads(line)["type"] for line in record.read_text().splitlines()]
    return types.count("fault_injected") == types.count("fault_lifted") == 1 and types[-1] == "run_ended"


WORKERS = pytest.mark.parametrize(
    ("options", "benches"),
    [((), 1), (("-n", "2", "--dist=each", "--basetemp=build/tmp"), 2)],
    ids=["one-bench", "two-workers"],
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
@WORKERS
def test_after_ctrl_c(
    start: Start, project: Path, options: tuple[str, ...], benches: int, number: signal.Signals
) -> None:
    """A terminal or a CI server sends the signal to all processes: to workers and devices as well as to pytest."""
    process = start(BLOCKS, *options)
    held = at_work(process, project, benches)
    os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert "KeyboardInterrupt" in output
    assert all(ended(record) for record in (project / "reports" / "runs").glob("**/run.jsonl"))
    assert all(is_dead(each) for bench in held for each in bench.processes)
    assert all(bench.sockets for bench in held)
    assert not {inode for bench in held for inode in bench.sockets} & listening().keys()
    assert run_folders(project) == []
    assert [path for bench in held for path in bench.shared if path.exists()] == []
    assert list((project / "tmp").iterdir()) == []


def test_after_a_signal_to_the_controller_alone(start: Start, project: Path) -> None:
    """A CI server may know no other process; the workers end as well, and their tests are in the report."""
    process = start(BLOCKS, "-n", "2", "--dist=each", "--basetemp=build/tmp")
    held = at_work(process, project, 2)
    os.kill(process.pid, signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2, output
    assert "2 interrupted" in output
    assert all(ended(record) for record in (project / "reports" / "runs").glob("**/run.jsonl"))
    assert all(is_dead(each) for bench in held for each in bench.processes)
    assert run_folders(project) == []


@WORKERS
def test_after_kill_9_the_next_start_removes_leftovers(
    start: Start, project: Path, options: tuple[str, ...], benches: int
) -> None:
    process = start(BLOCKS, *options)
    held = at_work(process, project, benches)
    process.kill()
    process.communicate(timeout=60)
    assert all(is_dead(each) for bench in held for each in bench.processes), "workers and devices go with their host"
    assert all(bench.sockets for bench in held)
    assert not {inode for bench in held for inode in bench.sockets} & listening().keys()
    if benches == 1:
        assert run_folders(project) == [f"{process.pid}-1"]
    again = start("def test_it(device): device.verify_idle()")
    output, _ = again.communicate(timeout=60)
    assert "1 passed" in output
    assert run_folders(project) == []
