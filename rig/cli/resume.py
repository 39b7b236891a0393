"""`rig resume`: continues a session of pytest that is paused."""

from __future__ import annotations

import typer

from rig.cli.attach import attached, print_json
from rig.cli.options import AttachOption, JsonOption, PidOption


def command(bench: AttachOption = None, pid: PidOption = None, as_json: JsonOption = False) -> None:
    """Continue a session of pytest that `rig pause` or --pause-on-fail holds."""
    with attached(bench, pid, "rig resume", may_open=False) as session:
        result = session.client.request("resume")
        if as_json:
            print_json(result)
        else:
            typer.echo(f"{session.client.holder} continues")
