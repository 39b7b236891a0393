"""The executables that `rig crash` decodes with: the named ones, else the builds below the working directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rig.firmware.symbols import Symbols, read_symbols
from rig.util.errors import BenchError

ElfOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--elf",
        metavar="FILE",
        help="The unstripped ELF file; repeatable. Without it: the one in ./build whose hash the crash names.",
    ),
]

_BUILDS = ("build/firmware/plugbench-device", "build/*/*.elf")


def choose_elf(named: Sequence[Path] | None, build: str) -> Path | None:
    """Return the executable of a build.

    Args:
        named: the executables of `--elf`.
        build: the hash that names the build, or its first digits; empty if it is unknown.

    Returns:
        The executable with that hash. If there is none, the first named one, so that its wrong hash is reported. None
        if no executable is named either.

    Raises:
        BenchError: a named file has no symbols.
    """
    if named:
        symbols = [read_symbols(path) for path in named]
        return next((found.path for found in symbols if found.is_of(build)), named[0])
    if not build:
        return None
    paths = sorted({path for pattern in _BUILDS for path in Path.cwd().glob(pattern)})
    return next((path for path in paths if _is_of(path, build)), None)


def missing_hint(build: str) -> str:
    """Return the notice that no executable of a build was found."""
    reason = f"./build has no ELF file of the build {build}" if build else "the log does not name its build"
    return f"the addresses are not decoded: {reason}. Name the ELF file with --elf"


def _is_of(path: Path, build: str) -> bool:
    try:
        found: Symbols = read_symbols(path)
    except BenchError:
        return False
    return found.is_of(build)
