"""Creates the files that a user asks for, and never replaces one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rig.util.errors import BenchError

_FOR_ALL = 0o666


@contextlib.contextmanager
def new_file(path: Path, what: str, mode: int = _FOR_ALL) -> Iterator[BinaryIO]:
    """Let a `with` block write a new file, which is removed if the block fails.

    Args:
        path: the file.
        what: its content, in the words of the errors, such as `snapshot`.
        mode: its permissions, before the umask.

    Yields:
        The file, open for writing.

    Raises:
        BenchError: the file exists already, or cannot be written.
    """
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            try:
                yield file
            except BaseException:
                path.unlink()
                raise
    except FileExistsError:
        raise BenchError(f"{path} exists already: a {what} replaces no file", "Name a new file") from None
    except OSError as error:
        raise BenchError(
            f"the {what} {path} cannot be written: {error.strerror}", "Name a file in a folder with space"
        ) from None
