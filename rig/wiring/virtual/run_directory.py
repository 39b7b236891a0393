"""A process' temporary folder, `.plugbench/run/<pid>-<n>/`. A later process removes it after a crash."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig.util.folders import unwritable

_LOCK = "lock"


class RunDirectory:
    """A folder of this process. Creating it removes the folders that ended processes have left behind.

    A lock on a file in it shows that its owner is running: the kernel releases it when the process ends.

    Args:
        root: the project's folder; the run folder is created in `.plugbench/run`.

    Raises:
        BenchError: the folder is not writable.
    """

    def __init__(self, root: Path) -> None:
        runs = root / ".plugbench" / "run"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            with _locked(runs / _LOCK):
                _remove_dead(runs)
                self.path = next(path for n in itertools.count(1) if not (path := runs / f"{os.getpid()}-{n}").exists())
                self.path.mkdir(mode=0o700)
                self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._lock, fcntl.LOCK_EX)
        except OSError as problem:
            raise unwritable(runs, problem) from None

    def close(self) -> None:
        """Remove the folder and its content."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_dead(runs: Path) -> None:
    for folder in runs.iterdir():
        if folder.is_dir() and _is_dead(folder / _LOCK):
            shutil.rmtree(folder, ignore_errors=True)


def _is_dead(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
