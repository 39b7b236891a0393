"""The file of a core dump. It has the memory of the device's tasks, so only its owner may read it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from rig.firmware.core_dump import CoreDump, parse_core_dump, without_secrets
from rig.util.errors import BenchError
from rig.util.folders import make_writable
from rig.util.named_file import read_file

_LARGEST = 8 << 20


def load_core_dump(path: Path) -> CoreDump:
    """Load the file of a core dump.

    Raises:
        BenchError: the file cannot be read, or has no whole core dump.
    """
    try:
        return parse_core_dump(read_file(path, _LARGEST))
    except OSError as problem:
        raise BenchError(f"{path} cannot be read: {problem.strerror}", "Name the file of a core dump") from None


def save_core_dump(folder: Path, dump: CoreDump) -> Path:
    """Write a core dump to a new file in a folder, which is created if needed. Return the file's path.

    Raises:
        BenchError: as `write_core_dump`.
    """
    make_writable(folder)
    path = folder / f"core-dump-{datetime.now():%Y%m%d-%H%M%S}.bin"
    write_core_dump(path, dump)
    return path


def write_core_dump(path: Path, dump: CoreDump) -> None:
    """Write a core dump to a new file of mode 0600. Known secrets in it are overwritten.

    Raises:
        BenchError: the file exists already, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(without_secrets(dump))
    except FileExistsError:
        raise BenchError(f"{path} exists already: a core dump replaces no file", "Name a new file") from None
    except OSError as error:
        raise BenchError(
            f"the core dump {path} cannot be written: {error.strerror}", "Name a file in a folder with space"
        ) from None
