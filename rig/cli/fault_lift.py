"""`rig fault lift`: lifts faults that were injected by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.attach import attached, print_json
from rig.cli.options import AttachOption, DriveOption, JsonOption, PidOption


def command(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The fault to lift; without it all faults.")] = "",
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Lift faults that were injected by hand on an open bench."""
    with attached(bench, pid, f"rig fault lift {name}".rstrip(), drive=drive, may_open=False) as session:
        lifted = session.call("fault.lift", name=name)["lifted"]
        print_json({"lifted": lifted}) if as_json else typer.echo("\n".join(f"{fault} lifted" for fault in lifted))
