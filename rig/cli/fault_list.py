"""`rig fault list`: the catalogue of faults."""

from __future__ import annotations

from dataclasses import fields

import typer

from rig.cli.attach import open_benches, print_json
from rig.cli.options import AttachOption, JsonOption, PidOption
from rig.faults import CATALOGUE


def command(bench: AttachOption = None, pid: PidOption = None, as_json: JsonOption = False) -> None:
    """List the faults with their effect, arguments and needs, and those active on an open bench."""
    active = []
    for client in open_benches(bench, pid):
        with client:
            active += client.request("state").get("faults", [])
    if as_json:
        print_json({"active": active, "catalogue": {name: fault.summary for name, fault in sorted(CATALOGUE.items())}})
        return
    for injected in active:
        arguments = "".join(f" {key}={value}" for key, value in injected["arguments"].items())
        typer.echo(f"ACTIVE {injected['fault']}{arguments}, by {injected['by']}")
    for name, fault in sorted(CATALOGUE.items()):
        taken = " ".join(f"[{field.name}={field.default}]" for field in fields(fault))  # type: ignore[arg-type]
        needs = f" (needs {', '.join(sorted(fault.needs))})" if fault.needs else ""
        typer.echo(f"{name:18} {fault.summary}{needs}")
        if taken:
            typer.echo(f"{'':18} {taken}")
