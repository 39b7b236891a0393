"""Unwinds the stack of a RISC-V chip, which prints registers and stack memory instead of a backtrace.

Only the debug information has the size of each frame, so gdb does the work. Espressif's esp-idf-panic-decoder serves
the printed registers and stack to gdb.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rig.firmware.debug_tools import find_program, last_line, run_program
from rig.util.errors import BenchError

GDBS: Mapping[str, tuple[str, ...]] = {
    "EM_XTENSA": ("xtensa-esp-elf-gdb", "xtensa-esp32-elf-gdb"),
    "EM_RISCV": ("riscv32-esp-elf-gdb", "gdb-multiarch"),
}
"""The programs that can debug a machine, the best first. Debian's gdb-multiarch does not know Espressif's Xtensa."""

_TIMEOUT_S = 10.0
_FRAME = re.compile(r"#[0-9]+\s+(?:(?P<pc>0x[0-9a-f]+) in )?(?P<function>\S.*?) \(.*?\)(?: at (?P<place>\S+:[0-9]+))?$")
QUIET = (
    "set auto-load off", "set confirm off", "set pagination off", "set width 0", "set print frame-arguments none",
    "set backtrace limit 64",
)  # fmt: skip
"""Commands for any gdb: run no script beside the executable, and show no values, which may be secrets."""


def find_gdb(machine: str) -> str:
    """Return the path of a gdb for a machine.

    Args:
        machine: `EM_XTENSA` or `EM_RISCV`.

    Raises:
        BenchError: none is installed.
    """
    names = GDBS[machine]
    found = find_program(names)
    if found is None:
        debian = "install Debian's package gdb-multiarch, or " if "gdb-multiarch" in names else ""
        raise BenchError(
            f"no gdb for this chip is on PATH ({' or '.join(names)})",
            f"To get all frames, {debian}source ESP-IDF's export.sh",
        )
    return found


def unwind(executable: Path, dump: Sequence[str]) -> list[str]:
    """Return the frames of a stack dump, the innermost first, as `0x1a2b function at file:line`.

    Args:
        executable: the unstripped executable of a RISC-V chip.
        dump: the lines with registers and stack memory (ESP-IDF Programming Guide, "Fatal Errors").

    Raises:
        BenchError: gdb is missing, or cannot use the dump.
    """
    gdb = find_gdb("EM_RISCV")
    with tempfile.TemporaryDirectory(prefix="plugbench-crash-") as folder:
        printed = Path(folder, "dump.txt")
        printed.write_text("\n".join([*dump, ""]), encoding="ascii", errors="replace")
        server = shlex.join([sys.executable, "-m", "esp_idf_panic_decoder", str(printed)])
        commands = [*QUIET, f"target remote | {server}", "backtrace"]
        options = [argument for command in commands for argument in ("-ex", command)]
        done = run_program(
            [gdb, "--batch", "--nx", *options, str(executable)],
            f"{gdb} cannot unwind the stack",
            "Unwind it by hand",
            _TIMEOUT_S,
        )
    frames = [_shown(found) for line in done.stdout.splitlines() if (found := _FRAME.match(line))]
    if not frames:
        raise BenchError(
            f"{gdb} cannot unwind the stack: {last_line(done.stderr) or 'it printed no frame'}",
            "Look at the registers in the log",
        )
    return frames


def _shown(frame: re.Match[str]) -> str:
    words = [frame["pc"], frame["function"] if frame["function"] != "??" else None]
    shown = " ".join(filter(None, words)) or "??"
    return f"{shown} at {frame['place']}" if frame["place"] else shown
