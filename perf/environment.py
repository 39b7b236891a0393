"""The environment of the peers, `.cache/peers`, separate from the project's own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

from tools.setup.environment import pip

ROOT = Path(__file__).parents[1]
HERE = ROOT / "perf"
FOLDER = ROOT / ".cache" / "peers"
PINS = HERE / "peers.txt"


def versions() -> dict[str, str]:
    """Return the pinned version of each peer."""
    return dict(line.split("==") for line in PINS.read_text().split())


def install() -> Path:
    """Install the peers unless the pinned versions are there. Return the path of their Python.

    Raises:
        subprocess.CalledProcessError: a peer cannot be installed; pip has printed why.
    """
    python = FOLDER / "bin" / "python"
    found = {d.name: d.version for d in distributions(path=[str(p) for p in FOLDER.glob("lib/python3*/site-packages")])}
    if not versions().items() <= found.items():
        print("installing the peers…", file=sys.stderr, flush=True)
        # The project's environment has pip; the environment of a bare Debian python3 has none.
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", FOLDER], check=True)
        command = [*pip(Path(sys.prefix))[:3], "--python", python, "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "--requirement", PINS], check=True)
    return python


def start(python: Path | str, script: str, *arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start a program of this folder. It writes `ready` to its stdout and reads commands from its stdin."""
    return subprocess.Popen(
        [python, *prefix, str(HERE / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def write_line(process: subprocess.Popen[str], line: str) -> None:
    """Send a line to a program's stdin."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def read_line(process: subprocess.Popen[str], prefix: str) -> str:
    """Return the rest of the next line on a program's stdout that starts with `prefix`.

    Raises:
        RuntimeError: the program ended first.
    """
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(prefix):
            return line[len(prefix) :].strip()
    raise RuntimeError(f"{process.args!r} ended before it wrote {prefix!r}")


def read_number(process: subprocess.Popen[str], prefix: str) -> int:
    """Return the number of the next line that consists of `prefix` and a number.

    pytest-embedded also prints what it reads from the port. After lost bytes, such a line can start like a result.

    Raises:
        RuntimeError: the program ended first.
    """
    while not (rest := read_line(process, prefix)).isdecimal():
        pass
    return int(rest)
