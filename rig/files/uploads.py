"""The files that clients have uploaded, in memory or in a folder, within limits."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rig.files.request import RejectedError
from rig.util.errors import BenchError

MOST_BYTES = 64 << 20
"""The maximum size of an upload."""
MOST_BYTES_TOGETHER = 256 << 20
"""The maximum size of all uploads together, including those that are arriving."""
MOST_UPLOADS = 1000
"""The maximum number of uploads."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Upload:
    """A complete upload.

    Attributes:
        name: the name in its URL, or the name that the client sent with the file. If the name is taken, a number
            is added: `log.txt.2`.
        content_type: the header Content-Type; empty if there was none.
        size: the size in bytes.
        sha256: in hexadecimal digits.
        path: the file of the upload; None if the upload is in memory.
    """

    name: str
    content_type: str
    size: int
    sha256: str
    path: Path | None = None
    _data: bytes = field(default=b"", repr=False)

    @property
    def data(self) -> bytes:
        """The bytes.

        Raises:
            BenchError: the file is gone, or cannot be read.
        """
        if self.path is None:
            return self._data
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise BenchError(f"the upload {self.path} cannot be read: {error.strerror}", "Leave it in place") from None


class Uploads:
    """All uploads, oldest first. An upload never replaces another file.

    Args:
        folder: takes the uploads; created for the first one. None: uploads stay in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: list[Upload] = []
        self._kept_bytes = 0
        self._arriving = 0
        self._before = _size_of(folder) if folder is not None else (0, 0)
        """Number and bytes of the files that were in the folder before."""

    @property
    def kept(self) -> list[Upload]:
        """The uploads."""
        return list(self._kept)

    def clear(self) -> None:
        """Forget the uploads. Files stay."""
        if self._folder is not None:
            self._before = _size_of(self._folder)
        self._kept.clear()
        self._kept_bytes = 0

    def validate_room(self, size: int) -> None:
        """Check that an upload can be taken.

        Args:
            size: the size in bytes, as far as it is known.

        Raises:
            RejectedError: there are too many bytes or too many uploads.
        """
        if size > MOST_BYTES:
            raise RejectedError(413, f"an upload has at most {MOST_BYTES >> 20} MiB")
        self._validate_number()
        if self._before[1] + self._kept_bytes + self._arriving + size > MOST_BYTES_TOGETHER:
            raise RejectedError(507, f"the server has {MOST_BYTES_TOGETHER >> 20} MiB of uploads, the most")

    def _validate_number(self) -> None:
        if self._before[0] + len(self._kept) >= MOST_UPLOADS:
            raise RejectedError(507, f"the server has {MOST_UPLOADS} uploads, the most")

    @contextlib.contextmanager
    def arriving(self) -> Iterator[Arrival]:
        """Collect the bytes of an upload within the block. The end of the block drops an upload that was not added."""
        arrival = Arrival(self)
        try:
            yield arrival
        finally:
            self._arriving -= arrival.size

    def reserve(self, size: int) -> None:
        """Count more bytes that arrive.

        Raises:
            RejectedError: there are too many bytes.
        """
        self.validate_room(size)
        self._arriving += size

    def add(self, name: str, content_type: str, data: bytes) -> Upload:
        """Keep a complete upload.

        Args:
            name: a valid name that does not end with `/` (`rig.files.name`).
            content_type: the header Content-Type.
            data: the bytes.

        Raises:
            RejectedError: there are too many uploads, or the folder cannot be written to.
        """
        self._validate_number()  # uploads that arrived at the same time may have taken the last place
        digest = hashlib.sha256(data).hexdigest()
        if self._folder is None:
            known = {upload.name for upload in self._kept}
            free = next(each for each in _numbered(name) if each not in known)
            upload = Upload(free, content_type, len(data), digest, None, data)
        else:
            above, slash, last = name.rpartition("/")
            path = _store(self._folder, last, data)
            upload = Upload(f"{above}{slash}{path.name}", content_type, len(data), digest, path)
        self._kept.append(upload)
        self._kept_bytes += upload.size
        return upload


class Arrival:
    """The bytes of an upload that is arriving.

    Args:
        uploads: checks the room for them.
    """

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._data = bytearray()

    @property
    def size(self) -> int:
        """The number of bytes so far."""
        return len(self._data)

    def add(self, piece: bytes) -> None:
        """Add bytes.

        Raises:
            RejectedError: there are too many.
        """
        if self.size + len(piece) > MOST_BYTES:
            raise RejectedError(413, f"an upload has at most {MOST_BYTES >> 20} MiB")
        self._uploads.reserve(len(piece))
        self._data += piece

    @property
    def data(self) -> bytes:
        """The bytes."""
        return bytes(self._data)


def _size_of(folder: Path) -> tuple[int, int]:
    try:
        sizes = [entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder)]
    except OSError:  # there is no folder yet; if it cannot be used, the first upload reports that
        return 0, 0
    return len(sizes), sum(sizes)


def _store(folder: Path, name: str, data: bytes) -> Path:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise RejectedError(507, f"the folder of the uploads cannot be used: {error.strerror}") from None
    try:
        for free in _numbered(name):
            with contextlib.suppress(FileExistsError):
                descriptor = os.open(free, _NEW_FILE, 0o600, dir_fd=at)
                break
        else:  # other files in the folder
            raise RejectedError(507, f"the folder of the uploads has {MOST_UPLOADS} files named {name!r}, the most")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except OSError:
            os.unlink(free, dir_fd=at)
            raise
    except OSError as error:
        raise RejectedError(507, f"the upload cannot be stored: {error.strerror}") from None
    finally:
        os.close(at)
    return folder / free


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in range(2, MOST_UPLOADS + 2):
        yield f"{name}.{number}"
