"""The lock of a wired bench: one process at a time uses its wires."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from rig.config.description import Description
from rig.util.errors import BenchError


@contextlib.contextmanager
def lock_bench(description: Description, root: Path) -> Iterator[None]:
    """Hold a wired bench, as a context; each process has a virtual bench of its own, which needs no lock.

    The kernel releases the lock when its holder dies, however it dies.

    Args:
        description: the bench.
        root: the project's folder; the lock is a file in its `.plugbench`.

    Raises:
        BenchError: another process holds it.
    """
    if description.kind == "virtual":
        yield
        return
    folder = root / ".plugbench"
    folder.mkdir(exist_ok=True)
    path = folder / f"{description.name}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            raise BenchError(
                f"the bench {description.name!r} is in use by process {holder or '(unknown)'}",
                "Wait for it, or end it",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
