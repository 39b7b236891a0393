"""A core dump as text: its own fields, and its tasks if a debugger can read them."""

from __future__ import annotations

from pathlib import Path

from rig.firmware.backtrace import Backtraces
from rig.firmware.core_dump import CoreDump
from rig.firmware.core_dump_decoder import decode_core_dump
from rig.util.errors import BenchError


def core_dump_text(dump: CoreDump, elf: Path | None, root: Path) -> str:
    """Describe a core dump. A part that cannot be decoded is replaced by the reason.

    Args:
        dump: the dump.
        elf: the unstripped executable that crashed; None if it is not at hand.
        root: the project's folder; paths below it are shown relative to it.
    """
    lines = [f"core dump of an {dump.chip}, {len(dump.data)} bytes, {dump.tasks} tasks"]
    lines += [f"build: {dump.elf_sha256}"] if dump.elf_sha256 else []
    lines += [f"reason: {dump.reason}"] if dump.reason else []
    try:
        if elf is None:
            raise BenchError("there is no ELF file of this build", "Name it with --elf")
        return "\n".join([*lines, "", decode_core_dump(dump, elf).replace(f"{root}/", "")])
    except BenchError as problem:
        backtraces = Backtraces(root)
        backtraces.executable = elf
        frames = [f"  {frame}" for frame in backtraces.decode(dump.frames, dump.elf_sha256)]
        return "\n".join([*lines, "innermost frames:", *frames, f"not decoded: {problem}"])
