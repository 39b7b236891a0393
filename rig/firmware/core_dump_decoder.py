"""Decodes a core dump to tasks, functions and lines, with Espressif's esp-coredump and a gdb for the chip."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

from rig.firmware.core_dump import CoreDump
from rig.firmware.debug_tools import last_line, run_program
from rig.firmware.stack_unwinding import QUIET, find_gdb
from rig.firmware.symbols import Symbols, read_symbols
from rig.util.errors import BenchError

_TIMEOUT_S = 60.0
_REPORT = re.compile(r"^Crashed task.*?^=+ CURRENT THREAD STACK =+$(?P<stack>.*?)(?=^=+ THREADS INFO =+$)", re.M | re.S)
_REGIONS = re.compile(r"\n=+ ALL MEMORY REGIONS =+")


def matching_symbols(dump: CoreDump, elf: Path) -> Symbols:
    """Return the symbols of a dump.

    Raises:
        BenchError: the executable is unreadable, is for another machine, or is not the build that crashed.
    """
    symbols = read_symbols(elf)
    if dump.machine and symbols.machine != dump.machine:
        raise BenchError(
            f"the core dump is of an {dump.chip} ({dump.machine}), {elf} is for {symbols.machine}",
            "Name the ELF file of the build that crashed",
        )
    if dump.elf_sha256 and not symbols.is_of(dump.elf_sha256):
        raise BenchError(
            f"the core dump is of the build {dump.elf_sha256}, {elf} is {symbols.name[: len(dump.elf_sha256)]}",
            "Name the ELF file of the build that crashed",
        )
    return symbols


def decode_core_dump(dump: CoreDump, elf: Path) -> str:
    """Return the tasks of a core dump, with registers and stacks, as esp-coredump prints them.

    Args:
        dump: the dump.
        elf: the unstripped executable that crashed.

    Raises:
        BenchError: the executable does not fit, a program is missing, or esp-coredump cannot read the dump.
    """
    symbols = matching_symbols(dump, elf)
    gdb = find_gdb(symbols.machine)
    with tempfile.TemporaryDirectory(prefix="plugbench-crash-") as folder:
        core, start = Path(folder, "core.bin"), Path(folder, "gdbinit")
        core.write_bytes(dump.data)
        start.write_text("\n".join([*QUIET, ""]))
        program = [sys.executable, "-m", "esp_coredump", "--chip", dump.chip, "info_corefile"]
        options = ["--core", str(core), "--core-format", "raw", "--gdb", gdb, "--extra-gdbinit-file", str(start)]
        done = run_program(
            [*program, *options, str(elf.resolve())],
            "esp-coredump cannot read the core dump",
            "Read it with gdb",
            _TIMEOUT_S,
            # esp-coredump leaves files in TMPDIR; gdb reads files in HOME and in its working directory.
            cwd=Path(folder),
            env=os.environ | {"TMPDIR": folder, "HOME": folder},
        )
    found = _REPORT.search(done.stdout)
    if found is None or "#0" not in found["stack"]:
        quoted = last_line(done.stderr) or last_line(done.stdout)
        raise BenchError(
            f"esp-coredump cannot read the core dump with {gdb}: {quoted}", "Read it with ESP-IDF's own gdb"
        )
    if done.returncode:  # version 1.17.2 does not understand the thread names of Debian's gdb
        return f"{found[0].strip()}\n\n(only the crashed task: {gdb} does not list the others for esp-coredump)"
    return f"{found[0]}{_REGIONS.split(done.stdout[found.end() :])[0]}".strip()
