"""The files that a bench description can name as firmware of the virtual board."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.firmware.build import check_source
from rig.firmware.elf import read_elf
from rig.util.errors import BenchError


def _library(path: Path) -> None:
    maps = Path("/proc/self/maps").read_text().splitlines()
    found = next(line.rpartition(" ")[2] for line in maps if ".so" in line)
    shutil.copy(found, path)
    path.chmod(0o755)


def _executable(content: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(content)
        path.chmod(0o755)

    return make


PROGRAM = Path(sys.executable).read_bytes()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_library, "is a shared library or an object file"),
        (os.mkfifo, "is a device node, a pipe or a socket"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device node, a pipe or a socket"),
        (lambda _: None, "does not exist"),
        (lambda path: path.write_bytes(PROGRAM), "is not executable"),
        (_executable(b"#!/bin/sh\n"), "no whole ELF header"),
        (_executable(PROGRAM[:30]), "no whole ELF header"),
        (_executable(PROGRAM[:18] + b"\xfe\xfe" + PROGRAM[20:]), "names another machine"),
        (_executable(PROGRAM[:16] + b"\x01\0" + PROGRAM[18:]), "is a shared library or an object file"),
    ],
    ids=["library", "fifo", "device", "missing", "no x", "script", "cut", "other machine", "object"],
)
def test_a_file_that_cannot_be_run_is_rejected_with_its_cause(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    make(tmp_path / "firmware")
    with pytest.raises(BenchError, match=says):
        check_source("firmware", tmp_path)


def test_programs_of_this_machine_are_accepted(tmp_path: Path) -> None:
    for program in (sys.executable, "/bin/ls"):
        shutil.copy(program, tmp_path / "firmware")
        check_source("firmware", tmp_path)


@pytest.mark.parametrize("size", [0, 4, 19, 20, 52, 63, 64, 100])
def test_the_header_of_a_file_of_any_length_is_read(tmp_path: Path, size: int) -> None:
    (tmp_path / "cut").write_bytes(PROGRAM[:size])
    assert (read_elf(tmp_path / "cut") is None) == (size < 64 or PROGRAM[16] == 3)
