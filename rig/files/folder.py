"""A folder whose files are served. Nothing outside of it is reachable, not even through a symbolic link."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from rig.files.content import OpenFile
from rig.util.errors import BenchError

UPLOADS_FOLDER = "uploads"
"""The folder inside of the served one that takes uploads. It is not served, so nobody can download an upload."""


class Folder:
    """A folder of files.

    Args:
        path: the folder.

    Raises:
        BenchError: the path is no folder, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise BenchError(f"cannot serve the files in {path}: {error.strerror}", "Name a folder") from None

    def open(self, name: str) -> OpenFile | None:
        """Open a regular file.

        Each part of the name is opened in the folder before it, and must not be a link. So a link that appears
        meanwhile is not followed either.

        Args:
            name: a valid name (`rig.files.name`).

        Returns:
            The file; None if there is none of that name, or it cannot be read.
        """
        *folders, last = name.split("/")
        if folders[:1] == [UPLOADS_FOLDER] or not last:
            return None
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            at = self._descriptor
            for part in folders:
                at = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
                stack.callback(os.close, at)
            # Without O_NONBLOCK, opening a FIFO would wait for its writer.
            found = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at)
            if stat.S_ISREG(os.fstat(found).st_mode):
                return OpenFile(found)
            os.close(found)
        return None

    def close(self) -> None:
        """Close the folder. Open files stay open."""
        os.close(self._descriptor)
