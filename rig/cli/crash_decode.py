"""`rig crash decode`: the crashes of a log, or a core dump, with functions and lines."""

from __future__ import annotations

import contextlib
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from rig.adapters.crash_log import crashes_in
from rig.cli.crash_symbols import ElfOption, choose_elf, missing_hint
from rig.firmware.backtrace import Backtraces
from rig.firmware.core_dump import LARGEST, is_core_dump, parse_core_dump
from rig.firmware.core_dump_text import core_dump_text
from rig.timeline.events import Panic
from rig.timeline.words import panic_words
from rig.util.errors import BenchError
from rig.util.terminal import Terminal
from rig.util.text import visible, visible_lines

_STDIN = "-"
_HEAD_BYTES = 8
_LONGEST_LINE = 16_384
"""In bytes, as on a console. A longer line is read in parts."""


def command(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A log of a console, a core dump, or - for a log on stdin.")
    ],
    elf: ElfOption = None,
) -> None:
    """Print the crashes of a log, or a core dump, with functions and lines."""
    terminal = Terminal()
    with _opened(file) as source:
        if file != _STDIN and is_core_dump(source.peek(_HEAD_BYTES)[:_HEAD_BYTES]):  # type: ignore[attr-defined]
            dump = parse_core_dump(source.read(LARGEST))
            text = core_dump_text(dump, choose_elf(elf, dump.elf_sha256), Path.cwd())
            terminal.print(visible_lines(text), markup=False)
            return
        number = 0
        for number, crash in enumerate(crashes_in(_lines(source)), start=1):
            _print(terminal, number, crash, choose_elf(elf, crash.elf_sha256))
    if not number:
        typer.echo(f"rig: {'the log' if file == _STDIN else file} has no crash", err=True)


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == _STDIN:
        yield sys.stdin.buffer
        return
    path = Path(file)
    try:
        kind = path.stat().st_mode
        if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):
            raise BenchError(f"{file} is no file", "Name a log or a core dump")
        with path.open("rb") as source:
            yield source
    except OSError as problem:
        raise BenchError(f"{file} cannot be read: {problem.strerror}", "Name a log or a core dump") from None


def _lines(source: BinaryIO) -> Iterator[str]:
    while part := source.readline(_LONGEST_LINE):
        yield part.decode(errors="replace").rstrip("\r\n")


def _print(terminal: Terminal, number: int, crash: Panic, elf: Path | None) -> None:
    backtraces = Backtraces(Path.cwd())
    backtraces.executable = elf
    frames = backtraces.decode(crash.backtrace, crash.elf_sha256, crash.stack_dump)
    terminal.print(visible(f"{number}. {panic_words(crash)}"), markup=False)
    for frame in frames:
        terminal.print(visible(f"   {frame}"), markup=False)
    if elf is None and crash.backtrace:
        typer.echo(f"rig: {missing_hint(crash.elf_sha256)}", err=True)
