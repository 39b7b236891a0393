"""A separate project with the real firmware, and pytest as a process in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rig.firmware.build import build

ROOT = Path(__file__).parents[3]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Create a folder for tests of the virtual charge point; firmware and build are those of this project."""
    build(ROOT)
    (tmp_path / "benches").mkdir()
    (tmp_path / "build").mkdir()
    (tmp_path / "tmp").mkdir()
    os.mkfifo(tmp_path / "news")
    shutil.copy(ROOT / "benches" / "virtual.toml", tmp_path / "benches")
    (tmp_path / "firmware").symlink_to(ROOT / "firmware")
    (tmp_path / "build" / "firmware").symlink_to(ROOT / "build" / "firmware")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nplugbench_bench = benches/virtual.toml\n"
        "asyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    return tmp_path


@pytest.fixture
def start(project: Path) -> Iterator[Start]:
    """Start pytest on a test file."""
    started: list[subprocess.Popen[str]] = []

    def run(source: str, *options: str) -> subprocess.Popen[str]:
        (project / "test_inner.py").write_text(source)
        plain = ("-p", "no:random_order", "-p", "no:cacheprovider", "-s")
        process = subprocess.Popen(
            # A shell makes background processes and their children ignore Ctrl-C.
            ["env", "--default-signal=INT,HUP", sys.executable, "-m", "pytest", *plain, *options, "test_inner.py"],
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TMPDIR": str(project / "tmp")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
