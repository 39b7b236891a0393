"""The locks of a bench: each resource has one holder on this machine, across clones and descriptions."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import json
import os
import re
import shlex
import stat
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rig.config.description import Description
from rig.util.errors import BenchError
from rig.util.redaction import masked_text, without_url_passwords

_LONGEST_ENTRY = 4096
_LONGEST_COMMAND = 200


def folder() -> Path:
    """Return the folder of this machine's lock files: `/run/lock`, or the folder for temporary files."""
    usual = Path("/run/lock")
    return usual if os.access(usual, os.W_OK) else Path(tempfile.gettempdir())


@contextlib.contextmanager
def lock_bench(description: Description) -> Iterator[None]:
    """Lock the exclusive resources of a bench during a `with` block.

    The resources are the serial device, the GPIO lines and the TCP port of the description. A virtual or emulated bench
    has its own serial port and pins. The kernel releases the locks when their holder exits, even on a crash.

    Args:
        description: the bench.

    Raises:
        BenchError: another process, or another bench of this process, holds a lock; names the holder.
    """
    with contextlib.ExitStack() as stack:
        for name, shown in _resources(description).items():
            stack.enter_context(_lock(name, shown, description))
        yield


def _resources(description: Description) -> dict[str, str]:
    """Return the names of the locks, each with the resource as shown in messages."""
    found = {}
    if description.kind == "pi":
        port = description.console.port or ""
        found[f"port-{_port(port)}"] = f"the serial port {port}"
        for signal, wire in description.wires():
            found[f"gpio-{wire.pin}"] = f"GPIO {wire.pin} ({signal})"
    if description.csms.port:
        found[f"tcp-{description.csms.port}"] = f"the TCP port {description.csms.port} (csms.port)"
    return found


def _port(port: str) -> str:
    """Return the same name for all spellings of a serial port.

    A path may be a link, such as /dev/serial/by-id/…; `spy://` and `alt://` wrap a path. A network port has its host
    and TCP port as name, with any protocol and options. Names of hosts are compared as text.
    """
    if "://" not in port:
        return os.path.realpath(port)
    try:
        parts = urlsplit(port)
        if parts.scheme in ("spy", "alt"):
            return os.path.realpath(parts.netloc + parts.path)
        if parts.hostname and parts.port:
            return f"{_host(parts.hostname)}:{parts.port}"
    except ValueError:  # no valid URL: opening the port will fail
        pass
    return without_url_passwords(port)


def _host(host: str) -> str:
    with contextlib.suppress(ValueError):
        host = str(ipaddress.ip_address(host))
    return "localhost" if host in ("127.0.0.1", "::1") else host.removesuffix(".")


@contextlib.contextmanager
def _lock(name: str, shown: str, description: Description) -> Iterator[None]:
    path = folder() / f"plugbench-{re.sub(r'[^A-Za-z0-9.-]+', '_', name).strip('_')}.lock"
    descriptor = _open(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchError(
                f"{description.path}: {shown} is in use {_holder(descriptor)}",
                "Wait for it, end it, or give this bench wires of its own",
            ) from None
        entry = {
            "pid": os.getpid(),
            "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
            "bench": description.name,
            "command": masked_text(shlex.join(sys.orig_argv))[:_LONGEST_COMMAND],
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(entry).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    """Open the lock file, which may belong to another user; create it if it is missing."""
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        try:
            # First without O_CREAT: in a sticky folder, Linux rejects that flag for another user's file.
            descriptor = os.open(path, flags)
        except FileNotFoundError:
            descriptor = os.open(path, flags | os.O_CREAT, 0o666)
            os.fchmod(descriptor, 0o666)  # every user of the machine can hold the lock
    except OSError as error:
        raise BenchError(
            f"the lock {path} cannot be opened: {error.strerror}",
            "Make it a file that this user may write, or remove it",
        ) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BenchError(f"the lock {path} is not a regular file", "Remove it")
    return descriptor


def _holder(descriptor: int) -> str:
    """Describe the holder of a lock. The file may have any content."""
    try:
        entry: Any = json.loads(os.pread(descriptor, _LONGEST_ENTRY, 0))
        return (
            f"by process {int(entry['pid'])} since {str(entry['since'])!a}, for the bench {str(entry['bench'])!a} "
            f"({str(entry['command'])!a})"
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return "by an unknown process"
