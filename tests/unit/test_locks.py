"""Each resource of a bench has one holder, with any name and file of the bench."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import rig.bench.locks
from rig.bench.bench_file import load
from rig.bench.locks import lock_bench
from rig.config.description import Description
from rig.util.errors import BenchError


@pytest.fixture
def wired() -> Description:
    """Return a wired bench."""
    return _with(load("benches/virtual.toml"), kind="pi", console={"port": "/dev/null"})


def _with(description: Description, **sections: Any) -> Description:
    changed: dict[str, Any] = {}
    for name, value in sections.items():
        old = getattr(description, name)
        changed[name] = old.model_copy(update=value) if isinstance(old, BaseModel) else value
    return description.model_copy(update=changed)


def _on_other_pins(description: Description) -> Description:
    """Return the same bench with other GPIO lines."""
    control = description.control
    return _with(
        description,
        inputs={},
        leds={},
        outputs={},
        power={"switch": control.en.model_copy(update={"pin": 2}), "rail_sense": None},
        control={
            "en": control.en.model_copy(update={"pin": 3}),
            "boot": control.boot.model_copy(update={"pin": 4}),
        },
    )


def test_the_holder_is_named_with_time_and_purpose(wired: Description) -> None:
    says = rf"/dev/null is in use by process {os.getpid()} since '20\d\d-.*', for the bench 'virtual' \("
    with lock_bench(wired), pytest.raises(BenchError, match=says), lock_bench(wired):
        pass
    with lock_bench(wired):
        """The lock is free again."""


@pytest.mark.parametrize("shared", ["port", "link to the port", "GPIO line", "TCP port"])
def test_one_shared_resource_locks_the_bench(wired: Description, tmp_path: Path, shared: str) -> None:
    link = tmp_path / "by-id"
    link.symlink_to("/dev/null")
    wired = _with(wired, csms={"port": 9123})
    apart = _with(_on_other_pins(wired), name="other", console={"port": "/dev/zero"}, csms={"port": 0})
    match shared:
        case "port":
            other = _with(apart, console={"port": "/dev/null"})
        case "link to the port":
            other = _with(apart, console={"port": str(link)})
        case "GPIO line":
            pin = wired.leds["status"].pin
            boot = apart.control.boot.model_copy(update={"pin": pin})
            other = _with(apart, control={"boot": boot})
        case _:
            other = _with(apart, csms={"port": 9123})
    with lock_bench(wired):
        with lock_bench(apart):
            """Two benches without a shared resource can be locked at once."""
        with pytest.raises(BenchError, match=r"in use by process .* for the bench 'virtual'"), lock_bench(other):
            pass


@pytest.mark.parametrize(
    ("port", "same"),
    [
        ("/dev/null", "spy:///dev/null?file=/dev/zero"),
        ("/dev/null", "alt:///dev/null?class=VTIMESerial"),
        ("/dev/null", "spy:///dev/../dev/null"),
        ("rfc2217://localhost:4000", "rfc2217://127.0.0.1:4000"),
        ("rfc2217://localhost:4000", "rfc2217://LOCALHOST:4000/?logging=debug"),
        ("rfc2217://localhost:4000", "socket://[::1]:4000"),
        ("socket://[fe80::1]:4000", "socket://user:password@[FE80:0::1]:04000/"),
        ("socket://pi.local:4000", "socket://pi.local.:4000"),
        ("rfc2217://a:port", "rfc2217://a:port"),
    ],
)
def test_all_spellings_of_a_port_have_one_lock(wired: Description, port: str, same: str) -> None:
    first = _with(wired, console={"port": port})
    second = _with(_on_other_pins(wired), console={"port": same})
    with lock_bench(first), pytest.raises(BenchError, match=r"the serial port .* is in use by"), lock_bench(second):
        pass


@pytest.mark.parametrize("other", ["rfc2217://localhost:4001", "rfc2217://127.0.0.2:4000", "spy:///dev/zero"])
def test_other_ports_have_other_locks(wired: Description, other: str) -> None:
    first = _with(wired, console={"port": "rfc2217://localhost:4000"})
    second = _with(_on_other_pins(wired), console={"port": other})
    with lock_bench(first), lock_bench(second):
        """Both are locked at once."""


def test_the_locks_of_a_killed_process_are_free(wired: Description) -> None:
    held = """
import pathlib, sys
import rig.bench.locks
from tests.unit.test_locks import _with, load
rig.bench.locks.folder = lambda: pathlib.Path(sys.argv[1])
with rig.bench.locks.lock_bench(_with(load("benches/virtual.toml"), kind="pi", console={"port": "/dev/null"})):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", held, str(rig.bench.locks.folder())], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(BenchError, match=f"in use by process {process.pid} "), lock_bench(wired):
            pass
        process.send_signal(signal.SIGKILL)
    with lock_bench(wired):
        """The kernel has released the locks."""


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"[" * 4000, b'{"pid": "\\u001b[2J"}'])
def test_a_lock_is_valid_with_any_content_of_its_file(wired: Description, content: bytes) -> None:
    with lock_bench(wired):
        for lock in rig.bench.locks.folder().glob("plugbench-*.lock"):
            lock.write_bytes(content)
        with pytest.raises(BenchError, match="in use by an unknown process"), lock_bench(wired):
            pass


def test_a_lock_that_is_a_link_is_not_followed(wired: Description, tmp_path: Path) -> None:
    with lock_bench(wired):
        """Create the lock files."""
    (victim := tmp_path / "victim").write_text("precious")
    for lock in rig.bench.locks.folder().glob("plugbench-*.lock"):
        lock.unlink()
        lock.symlink_to(victim)
    try:
        with pytest.raises(BenchError, match=r"the lock .* cannot be opened"), lock_bench(wired):
            pass
    finally:
        for lock in rig.bench.locks.folder().glob("plugbench-*.lock"):
            lock.unlink()
    assert victim.read_text() == "precious"
