"""The peers' environment, apart from ours: `.cache/peers`."""

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
    """The pinned peers, by name."""
    return dict(line.split("==") for line in PINS.read_text().split())


def install() -> Path:
    """Make the peers' environment, where it is not there as pinned. Returns its Python.

    Raises:
        subprocess.CalledProcessError: a peer cannot be installed; pip has said why.
    """
    python = FOLDER / "bin" / "python"
    found = {d.name: d.version for d in distributions(path=[str(p) for p in FOLDER.glob("lib/python3*/site-packages")])}
    if not versions().items() <= found.items():
        print("installing the peers…", file=sys.stderr, flush=True)
        # Our own environment has pip, which that of a bare Debian python3 lacks.
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", FOLDER], check=True)
        command = [*pip(Path(sys.prefix))[:3], "--python", python, "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, "--requirement", PINS], check=True)
    return python


def start(python: Path | str, script: str, *arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start one of the programs beside this file. It says `ready` on its stdout and waits for lines on its stdin."""
    return subprocess.Popen(
        [python, *prefix, str(HERE / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def say(process: subprocess.Popen[str], line: str) -> None:
    """Give a program a line."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str], prefix: str) -> str:
    """The rest of the next line of a program that starts so.

    Raises:
        RuntimeError: it ended instead.
    """
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(prefix):
            return line[len(prefix) :].strip()
    raise RuntimeError(f"{process.args!r} ended before it said {prefix!r}")
