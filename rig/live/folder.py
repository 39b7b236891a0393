"""The folders of the live sockets: one for each user, which no other user can enter."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rig.util.errors import BenchError

_NAME = "plugbench"
_LONGEST_PATH = 107
"""In bytes: the address of a Unix socket has 108 with its final zero (unix(7))."""
_LONGEST_NAME = len(os.sep) + 12 + len("-4194304-999.sock") + len(".new")


def candidates() -> list[Path]:
    """Return the folders that may hold live sockets of this user, the preferred one first.

    Without XDG_RUNTIME_DIR, as in a terminal of `su`, the usual folder of that variable is returned as well.
    """
    user = os.getuid()
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}")
    found = [runtime / _NAME] if runtime.is_absolute() and runtime.is_dir() else []
    if not found or not os.environ.get("XDG_RUNTIME_DIR") or not _fits(found[0]):
        found += [Path(folder) / f"{_NAME}-{user}" for folder in (tempfile.gettempdir(), "/tmp")]
    return [folder for folder in dict.fromkeys(found) if _fits(folder)]


def _fits(folder: Path) -> bool:
    """Return whether the paths of sockets in a folder are short enough."""
    return len(os.fsencode(folder)) + _LONGEST_NAME <= _LONGEST_PATH


def own_folder() -> Path:
    """Return the folder for new sockets. It is created with mode 0700, and belongs to this user.

    Raises:
        BenchError: no such folder can be used; the message names each and the problem.
    """
    problems = []
    for folder in candidates():
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            problem = problem_of(folder)
        except OSError as error:
            problem = f"{folder}: {error.strerror}"
        if not problem:
            return folder
        problems.append(problem)
    raise BenchError(
        f"no folder for the live socket: {'; '.join(problems) or 'every path is too long'}",
        "Remove the folder, or set XDG_RUNTIME_DIR to a folder of your own",
    )


def problem_of(folder: Path) -> str:
    """Return why a folder must not be trusted; empty if it is a folder of this user that others cannot enter."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a folder"
    if found.st_uid != os.getuid():
        return f"{folder} belongs to another user"
    if stat.S_IMODE(found.st_mode) & 0o077:
        return f"{folder} can be entered by other users (mode {stat.S_IMODE(found.st_mode):04o})"
    return ""


def socket_name(path: Path, number: int) -> str:
    """Return the file name of a bench's socket.

    Args:
        path: the bench description; the name holds only a hash of it, so that deep folders do not matter.
        number: counts the benches of this process.
    """
    return f"{bench_hash(path)}-{os.getpid()}-{number}.sock"


def bench_hash(path: Path) -> str:
    """Return the part of a socket's name that belongs to the bench description."""
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def named(connected: socket.socket) -> tuple[str, int]:
    """Return the bench's hash and the process id from the name of a connected socket; empty and 0 if it has none."""
    parts = Path(connected.getpeername()).name.split("-")
    return (parts[0], int(parts[1])) if len(parts) == 3 and parts[1].isdecimal() else ("", 0)


def connections() -> Iterator[socket.socket]:
    """Connect to each live socket of this user. Sockets whose holder has died are removed."""
    for folder in candidates():
        try:
            if problem_of(folder):
                continue
            paths = sorted(folder.glob("*.sock"))
        except OSError:
            continue
        for path in paths:
            connected = _connect(path)
            if connected is not None:
                yield connected


def _connect(path: Path) -> socket.socket | None:
    """Connect to a socket; remove it and return None if no process listens.

    A server gives its socket this name only when it listens, so a refused connection means that the server has died. If
    the queue of a stopped process is full, its socket is skipped, because connecting would block.
    """
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.settimeout(0)
        connected.connect(os.fspath(path))
        connected.settimeout(None)
    except OSError as error:
        connected.close()
        if isinstance(error, ConnectionRefusedError):
            with contextlib.suppress(OSError):
                path.unlink()
        return None
    return connected


def remove_stale() -> None:
    """Remove the sockets whose holders have died."""
    for connected in connections():
        connected.close()
