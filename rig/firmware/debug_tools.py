"""Runs the programs that read debug information: addr2line, gdb, esp-coredump."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from rig.util.errors import BenchError


def find_program(names: Sequence[str]) -> str | None:
    """Return the path of the first program that is installed; None if none is.

    Args:
        names: the programs, the best first.
    """
    return next(filter(None, map(shutil.which, names)), None)


def run_program(
    command: Sequence[str],
    trouble: str,
    remedy: str,
    timeout: float,
    *,
    check: bool = False,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program without input. Return its output as text.

    Args:
        command: the program and its arguments.
        trouble: the beginning of the error's message.
        remedy: the remedy of the error.
        timeout: the limit of its duration, in seconds.
        check: whether an exit code other than 0 is an error.
        cwd: its working directory; None: that of this process.
        env: its environment; None: that of this process.

    Raises:
        BenchError: it could not be started, took too long, or failed.
    """
    try:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=check,
            cwd=cwd,
            env=env,
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise BenchError(f"{trouble}: {problem}", remedy) from None


def last_line(text: str) -> str:
    """Return the last line of a program's output; empty if there is none."""
    return next(iter(text.strip().splitlines()[-1:]), "")
