"""`rig fault list`: the catalogue of faults."""

from __future__ import annotations

from dataclasses import fields

import typer

from rig.faults import CATALOGUE


def command() -> None:
    """List every fault with its effect, its arguments and the capabilities that it needs."""
    for name, fault in sorted(CATALOGUE.items()):
        taken = " ".join(f"[{field.name}={field.default}]" for field in fields(fault))  # type: ignore[arg-type]
        needs = f" (needs {', '.join(sorted(fault.needs))})" if fault.needs else ""
        typer.echo(f"{name:18} {fault.summary}{needs}")
        if taken:
            typer.echo(f"{'':18} {taken}")
