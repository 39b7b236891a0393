"""Files that a user names are read within limits."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.cli.storage_image import read_flash
from rig.csms.certificate import read_pem
from rig.csms.security import read_passwords
from rig.util.errors import BenchError
from rig.util.named_file import read_file


@pytest.mark.parametrize("read", [read_passwords, read_pem, read_flash])
def test_a_device_is_not_read(read: Callable[[Path], object]) -> None:
    with pytest.raises(BenchError, match=r"/dev/zero.*: not a file"):
        read(Path("/dev/zero"))


def test_the_limit_of_a_file(tmp_path: Path) -> None:
    (file := tmp_path / "file").write_bytes(b"12345")
    assert read_file(file, 5) == b"12345"
    with pytest.raises(OSError, match="it has more than 4 bytes"):
        read_file(file, 4)


def test_a_secret_may_come_from_a_pipe(tmp_path: Path) -> None:
    """The pipe of a shell's `<(command)` keeps a secret off the disk."""
    os.mkfifo(pipe := tmp_path / "pipe")
    with pytest.raises(OSError, match="not a file"):
        read_file(pipe, 100)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"CP-1:secret",), daemon=True)
    writer.start()
    assert read_passwords(pipe) == {"CP-1": b"secret"}
    writer.join()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(bytes((32 << 20) + 1), 1), "more than 32 MiB"),
        (gzip.compress(b"x" * 1000)[:20], "cannot be read"),
        (b"\x1f\x8b\x08\x00" + b"\xff" * 20, "cannot be read"),
        (b"\x1f\x8bx", "cannot be read"),
    ],
    ids=["bomb", "cut", "noise", "header"],
)
def test_a_compressed_image_that_is_damaged_is_rejected(tmp_path: Path, content: bytes, says: str) -> None:
    (file := tmp_path / "flash.gz").write_bytes(content)
    with pytest.raises(BenchError, match=rf"flash\.gz .*{says}"):
        read_flash(file)
