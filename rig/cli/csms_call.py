"""`rig csms call`: one call of the fake CSMS to a charge point."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.attach import attached, parsed_object, print_json
from rig.cli.options import AttachOption, DriveOption, JsonOption, PidOption


def command(
    charge_point: Annotated[str, typer.Argument(metavar="CP", help="The identity of the charge point.")],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="The action, such as GetConfiguration.")],
    payload: Annotated[str, typer.Argument(metavar="[JSON]", help="The payload; without it an empty object.")] = "",
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for the answer.")] = 10.0,
    check: Annotated[bool, typer.Option(help="Reject a payload that breaks the schema.")] = True,
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Call a charge point and print the payload of its answer as JSON, on one line with --json."""
    content = parsed_object(payload, "the payload")
    with attached(bench, pid, f"rig csms call {action}", drive=drive) as session:
        session.bring_up()
        answer = session.call(
            "csms.call", action=action, payload=content, charge_point=charge_point, timeout=timeout, check=check
        )
        print_json(answer, for_people=not as_json)
