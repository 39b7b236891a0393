"""The host build of the firmware and its files for flash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rig.firmware.elf import read_elf, this_machine
from rig.firmware.image import elf_sha256_of, make_image
from rig.firmware.manifest import FILE_NAME, Manifest, load_manifest
from rig.firmware.partitions import SECTOR_SIZE, TABLE_OFFSET, read_csv, to_binary
from rig.firmware.symbols import find_elf
from rig.util.errors import BenchError
from rig.util.folders import replace_file, unwritable
from rig.util.text import seconds

PROJECT = "plugbench-cp"
_TARGET = "plugbench-device"
_STATUS = "[%f/%t] "
"""The finished and all steps, before each line of ninja."""
_COMPILER_STEP = re.compile(r"\[(\d+)/(\d+)\] (?!Re-)")
"""A step, apart from CMake's own: "Re-checking globbed directories" and "Re-running CMake"."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """A firmware that is ready to be flashed.

    Attributes:
        manifest: the files to flash, by offset.
        symbols: the unstripped executable, for backtraces; None if it is not at hand. The folder of an ESP-IDF build
            has it as the `*.elf` whose hash is in the image.
    """

    manifest: Manifest
    symbols: Path | None = None


def firmware(source: str, root: Path) -> Firmware:
    """Return the firmware that a bench description names, built if it is ours.

    Args:
        source: `host` for the host build, brought up to date here; else the build folder of an ESP-IDF project, or an
            executable that speaks the virtual board's protocol (docs/virtual-board.md).
        root: the project's folder, to which paths are relative.

    Raises:
        BenchError: the firmware does not build, or does not exist.
    """
    if source == "host":
        return package(build(root), root)
    path = root / source
    check_source(source, root)
    if path.is_dir():
        manifest = load_manifest(path)
        return Firmware(manifest, _elf_of(manifest, path))
    return package(path, root, project=path.name, version="")


def check_source(source: str, root: Path) -> None:
    """Check the firmware that a bench description names, without building it.

    Args:
        source: the firmware, as in `firmware`.
        root: the project's folder.

    Raises:
        BenchError: the firmware does not exist, or is neither a build folder of ESP-IDF nor an executable for this
            machine.
    """
    if source == "host":
        host_project(root)
        return
    path = root / source
    try:
        if path.is_dir():
            load_manifest(path).contents()
            return
        lacks = _unusable(path)
    except OSError as problem:  # a name that is too long, a folder without permission
        lacks = f"cannot be read: {problem.strerror}"
    if not lacks:
        return
    raise BenchError(
        f"device.firmware: {path} {lacks}",
        f"Build it (ours: make firmware TARGET=...), or name another one: the build folder of an ESP-IDF project with "
        f"its {FILE_NAME}, an executable for the virtual board, or host",
    )


def _unusable(path: Path) -> str:
    """Return why a file is no firmware for the virtual board; empty if it is one."""
    if not path.exists():
        return "does not exist"
    if not path.is_file():
        return "is a device node, a pipe or a socket, not a file"
    if not os.access(path, os.X_OK):
        return "is not executable"
    header = read_elf(path)
    if header is None:
        return "is no program for this machine: it has no whole ELF header"
    if header.machine != this_machine():
        return "is no program for this machine: its ELF header (ELF-64, figure 1-2) names another machine"
    if not header.is_program:
        return "is a shared library or an object file, not a program"
    return ""


def _build_folder(root: Path, *, sanitize: bool) -> Path:
    return root / "build" / ("firmware" if sanitize else "firmware-plain")


def build(root: Path, *, sanitize: bool = True, announce: Callable[[str], None] = lambda _: None) -> Path:
    """Build the virtual charge point, incrementally.

    Args:
        root: the project's folder.
        sanitize: whether to build with AddressSanitizer and UndefinedBehaviorSanitizer.
        announce: is called with a notice that a build has begun and how long it takes, unless there is nothing to
            build.

    Returns:
        The unstripped executable.

    Raises:
        BenchError: there are no sources, or they do not build; the message has the compiler's output.
    """
    source = host_project(root)
    folder = _build_folder(root, sanitize=sanitize)
    with _locked(folder) as lock:
        is_first = not (folder / "build.ninja").exists()
        if is_first:
            announce("building the firmware for the virtual board, for the first time: a minute or two")
            flag = f"-DPLUGBENCH_SANITIZE={'ON' if sanitize else 'OFF'}"
            generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={_tool('ninja')}"]
            _run([_tool("cmake"), "-S", str(source), "-B", str(folder), *generator, flag], lock)
        _run_ninja(folder, lock, (lambda _: None) if is_first else announce)
    return folder / _TARGET


def host_project(root: Path) -> Path:
    """Return the folder of the sources for this machine.

    Raises:
        BenchError: the folder does not exist.
    """
    source = root / "firmware" / "host"
    if not source.is_dir():
        raise BenchError(f"{root} has no folder firmware/host to build the device from", "Run in the project's folder")
    return source


def package(executable: Path, root: Path, project: str = PROJECT, version: str | None = None) -> Firmware:
    """Write the flash files of a host build beside its executable: application image, partition table, blank otadata.

    Args:
        executable: the unstripped executable.
        root: the project's folder.
        project: the firmware's name, at most 31 bytes.
        version: its version, at most 31 bytes; None: the version in firmware/version.txt.

    Raises:
        BenchError: the executable cannot be stripped, or does not fit into its partition.
    """
    folder = executable.parent / "flash"
    if version is None:
        version = (root / "firmware" / "version.txt").read_text().strip()
    table = read_csv(root / "firmware" / "partitions.csv")
    slot, otadata = table["ota_0"], table["otadata"]
    with _locked(folder):
        application = folder / f"{project}.bin"
        if not application.exists() or application.stat().st_mtime_ns <= executable.stat().st_mtime_ns:
            image = _application(executable, project, version)
            if len(image) > slot.size:
                raise BenchError(
                    f"the application image has {len(image)} bytes, its partition {slot.size}",
                    "Enlarge ota_0 and ota_1 in firmware/partitions.csv, or make the firmware smaller",
                )
            replace_file(application, image)
        files = {
            TABLE_OFFSET: (folder / "partition-table.bin", to_binary(table)),
            otadata.offset: (folder / "ota_data_initial.bin", b"\xff" * 2 * SECTOR_SIZE),
        }
        for path, content in files.values():
            if not path.exists() or path.read_bytes() != content:
                replace_file(path, content)
        manifest = Manifest({slot.offset: application} | {offset: path for offset, (path, _) in files.items()})
        manifest.save(folder)
    return Firmware(manifest, executable)


def _elf_of(manifest: Manifest, folder: Path) -> Path | None:
    hashes = (elf_sha256_of(content) for _, content in manifest.contents())
    return next((elf for found in hashes if found and (elf := find_elf(folder, found)) is not None), None)


def _application(executable: Path, project: str, version: str) -> bytes:
    stripped = executable.with_suffix(".stripped")
    _run([_tool("strip"), "-o", str(stripped), str(executable)])
    content = stripped.read_bytes()
    stripped.unlink()
    elf_sha256 = hashlib.sha256(executable.read_bytes()).digest()
    return make_image(content, project=project, version=version, elf_sha256=elf_sha256)


def _tool(name: str) -> str:
    """Return the path of a tool: beside this Python, else on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
    if found is None:
        raise BenchError(f"{name} is not installed", "Run `make setup`; strip comes with the package binutils")
    return found


def _run(command: Sequence[str], *holding: int) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", pass_fds=holding
    )
    if done.returncode:
        raise _failed(command[0], done.returncode, done.stdout)


def _run_ninja(folder: Path, lock: int, announce: Callable[[str], None]) -> None:
    """Build, and announce the build after its first step. Before, ninja itself does not know the number of steps."""
    command = [_tool("ninja"), "-C", str(folder), _TARGET]
    environment = os.environ | {"NINJA_STATUS": _STATUS}
    output = ""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[lock],
        env=environment,
    ) as ninja:
        assert ninja.stdout is not None
        for line in ninja.stdout:
            output += line
            step = _COMPILER_STEP.match(line)
            if step is not None and step[1] == "1":
                steps = int(step[2])
                announce(f"building the changed parts of the firmware, {steps} steps: about {seconds(max(5, steps))}")
    if ninja.returncode:
        raise _failed(command[0], ninja.returncode, output)


def _failed(program: str, status: int, output: str) -> BenchError:
    return BenchError(
        f"the firmware does not build: {Path(program).name} ended with {status}\n{output.strip()}",
        "Correct the reported errors and run again",
    )


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Lock a build folder against a second run at the same time. A missing folder is created.

    Yields:
        The lock's descriptor. A compiler that inherits it keeps the folder locked even after this process is killed.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise unwritable(folder, problem) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
