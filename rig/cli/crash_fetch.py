"""`rig crash fetch`: the core dump of a board, or of an image of its flash."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.cli.attach import attached
from rig.cli.crash_symbols import ElfOption, choose_elf
from rig.cli.options import AttachOption, DriveOption, PidOption
from rig.cli.storage_image import read_flash
from rig.firmware.core_dump import CoreDump, read_core_dump
from rig.firmware.core_dump_file import load_core_dump, save_core_dump
from rig.firmware.core_dump_text import core_dump_text
from rig.util.errors import BenchError
from rig.util.terminal import Terminal
from rig.util.text import visible_lines


def command(
    image: Annotated[
        Path | None,
        typer.Argument(metavar="[IMAGE]", help="An image of the whole flash; without it the board of an open bench."),
    ] = None,
    elf: ElfOption = None,
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
) -> None:
    """Save the core dump that a crashed device left in its flash, and print it with functions and lines."""
    path: Path | None
    dump: CoreDump | None
    if image is not None:
        flash = read_flash(image)
        dump = read_core_dump(lambda offset, length: flash[offset : offset + length])
        path = save_core_dump(Path.cwd(), dump) if dump is not None else None
    else:
        with attached(bench, pid, "rig crash fetch", drive=drive, may_open=False) as session:
            file = session.call("core_dump")["file"]
        path = Path(file) if file else None
        dump = load_core_dump(path) if path is not None else None
    if dump is None:
        raise BenchError("the partition for core dumps is blank", "The device writes to it only when it crashes")
    text = core_dump_text(dump, choose_elf(elf, dump.elf_sha256), Path.cwd())
    Terminal().print(visible_lines(text), markup=False)
    typer.echo(f"saved: {path}")
