"""The file of a core dump. It has the memory of the device's tasks, so only its owner may read it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rig.firmware.core_dump import LARGEST, CoreDump, parse_core_dump, without_secrets
from rig.util.errors import BenchError
from rig.util.folders import make_writable
from rig.util.named_file import read_file
from rig.util.new_file import new_file


def load_core_dump(path: Path) -> CoreDump:
    """Load the file of a core dump.

    Raises:
        BenchError: the file cannot be read, or has no whole core dump.
    """
    try:
        return parse_core_dump(read_file(path, LARGEST))
    except OSError as problem:
        raise BenchError(f"{path} cannot be read: {problem.strerror}", "Name the file of a core dump") from None


def save_core_dump(folder: Path, dump: CoreDump) -> Path:
    """Write a core dump to a new file in a folder. Create the folder if needed. Overwrite known secrets in the dump.

    Returns:
        The path of the file, which has the mode 0600.

    Raises:
        BenchError: the file exists already, or cannot be written.
    """
    make_writable(folder)
    path = folder / f"core-dump-{datetime.now():%Y%m%d-%H%M%S}.bin"
    with new_file(path, "core dump", mode=0o600) as file:
        file.write(without_secrets(dump))
    return path
