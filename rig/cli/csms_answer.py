"""`rig csms answer`: replaces answers of the fake CSMS."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.attach import attached, parsed_object, print_json
from rig.cli.options import AttachOption, DriveOption, JsonOption, PidOption
from rig.util.errors import BenchError


def command(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="The call of the charge point, such as Authorize.")],
    answer: Annotated[str, typer.Argument(metavar="[JSON]", help="The payload of the answer.")] = "",
    error: Annotated[str, typer.Option(metavar="CODE", help="Answer with a CALLERROR, such as GenericError.")] = "",
    times: Annotated[
        int | None, typer.Option(min=1, help="The number of answers to replace; without it one.", show_default=False)
    ] = None,
    always: Annotated[bool, typer.Option("--always", help="Replace every answer, until --normal.")] = False,
    normal: Annotated[bool, typer.Option("--normal", help="Restore the normal answer.")] = False,
    check: Annotated[bool, typer.Option(help="Reject a payload that breaks the schema.")] = True,
    charge_point: Annotated[
        str | None, typer.Option("--charge-point", metavar="CP", help="The charge point; without it the bench's own.")
    ] = None,
    bench: AttachOption = None,
    pid: PidOption = None,
    drive: DriveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Replace the next answers of the CSMS to an action."""
    given = [name for name, value in (("JSON", answer), ("--error", error), ("--normal", normal)) if value]
    if len(given) != 1:
        raise BenchError(
            f"one of JSON, --error and --normal is needed, not {' and '.join(given) or 'none'}", "Give one of them"
        )
    if sum((times is not None, always, normal)) > 1:
        raise BenchError("--times, --always and --normal exclude each other", "Give one of them")
    content = parsed_object(answer, "the answer") if answer else None
    with attached(bench, pid, f"rig csms answer {action}", drive=drive) as session:
        session.bring_up()
        if normal:
            session.call("csms.normal", action=action, charge_point=charge_point)
        else:
            session.call(
                "csms.answer",
                action=action,
                answer=content,
                error=error,
                times=None if always else times or 1,
                charge_point=charge_point,
                check=check,
            )
        what = "the normal answer" if normal else f"the next {times or 1}" if not always else "every answer"
        print_json({"action": action, "normal": normal}) if as_json else typer.echo(f"{action}: {what}")
        session.stay("the answer is replaced")
