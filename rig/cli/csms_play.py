"""`rig csms play`: plays scenarios against any charge point that connects; a person acts in place of a bench."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from rig.cli.csms_access import (
    Access,
    BasicAuthOption,
    CertOption,
    ClientRootOption,
    FileAccess,
    FilesLoginOption,
    FilesOption,
    FilesPortOption,
    HostOption,
    KeyOption,
    PortOption,
    TlsOption,
    TolerantOption,
)
from rig.cli.exit_codes import EXIT_FAILURE
from rig.csms import Csms
from rig.csms.server import url_of
from rig.files import Files
from rig.ocpp.versions import SubprotocolName
from rig.scenarios import NotSupportedError, Scenario, Stage, load, play
from rig.timeline import Timeline
from rig.timeline.events import ClientRefused, LinkChange, OcppFrame
from rig.timeline.frame_words import frame_line
from rig.timeline.words import refusal_words
from rig.util.errors import BenchError, DeviceError, ExpectationError
from rig.util.loop import loop_in_a_thread
from rig.util.terminal import Terminal
from rig.util.text import visible

_DAY_S = 86_400.0
_KEPT_EVENTS = 100_000


def command(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The scenarios, in order.")],
    host: HostOption = "127.0.0.1",
    port: PortOption = 9000,
    charge_point: Annotated[
        str,
        typer.Option("--charge-point", metavar="ID", help="The identity to wait for; without it the first to connect."),
    ] = "",
    tag: Annotated[str, typer.Option(metavar="IDTAG", help="The idTag of the card that you present.")] = "TAG",
    parameters: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A parameter of the scenarios.")
    ] = None,
    traffic: Annotated[bool, typer.Option("--traffic", help="Print each frame.")] = False,
    tls: TlsOption = False,
    cert: CertOption = None,
    key: KeyOption = None,
    basic_auth_file: BasicAuthOption = None,
    client_root: ClientRootOption = None,
    tolerant: TolerantOption = False,
    served: FilesOption = None,
    files_port: FilesPortOption = 0,
    files_login: FilesLoginOption = None,
) -> None:
    """Play scenarios against a charge point that connects. When asked, you act in place of a bench."""
    scenarios = [load(file.resolve()) for file in files]
    given = dict(_pair(text) for text in parameters or ())
    for name in given:
        if not any(name in scenario.parameters for scenario in scenarios):
            raise BenchError(f"no scenario has a parameter {name!r}", "See `params` in the files")
    security, root = Access(tls, cert, key, basic_auth_file, client_root).security(host)
    terminal = Terminal()
    protocols = list(dict.fromkeys(scenario.version.subprotocol for scenario in scenarios))
    access = FileAccess(served, files_port, files_login)
    with (
        _servers(host, port, charge_point, protocols, access, strict=not tolerant) as (csms, file_server),
        csms.secured(security),
    ):
        _print_refusals(csms, terminal)
        if traffic:
            _print_traffic(csms, terminal)
        if root:
            terminal.print(f"Root of the new certificate for this run:\n{root}")
        example = url_of(host, csms.port, charge_point or "CP-1", tls=security.certificate is not None)
        terminal.print(f"waiting for a charge point with {' or '.join(protocols)} at {example}; Ctrl-C ends it")
        connected = csms.timeline.expect(
            LinkChange,
            lambda link: link.connected and charge_point in ("", link.charge_point),
            timeout=_DAY_S,
            consume=False,
        )
        terminal.print(f"{visible(connected.charge_point)} has connected")
        stage = Stage(
            csms,
            csms.timeline,
            person=_AtTheTerminal(terminal),
            tag=tag,
            charge_point=connected.charge_point,
            files=file_server,
        )
        failed = [each for each in scenarios if not _passes(each, stage, terminal, given)]
    if failed:
        sys.exit(EXIT_FAILURE)


class _AtTheTerminal:
    """The person at the terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def do(self, request: str) -> None:
        """Ask for an action, and wait for Enter."""
        self._ask(f"  ? {request}, then press Enter: ")

    def confirm(self, question: str) -> bool:
        """Ask a question, until the answer is yes or no."""
        while True:
            answer = self._ask(f"  ? {question} [y/n] ").strip().lower()
            if answer in ("y", "yes", "n", "no"):
                return answer[0] == "y"

    def _ask(self, text: str) -> str:
        self._terminal.print(Text(visible(text), style="bold"), end="")
        line = sys.stdin.readline()
        if not line:
            raise BenchError("the scenario asks a person, but the input has ended", "Run the command in a terminal")
        return line


def _passes(scenario: Scenario, stage: Stage, terminal: Terminal, given: dict[str, Any]) -> bool:
    """Play a scenario and print its verdict. Return False if the charge point failed."""
    name, csms = scenario.case or scenario.path.stem, stage.csms
    terminal.print(Text(f"{name}: {scenario.title}", style="bold"))
    csms.reset()
    if stage.files is not None:
        stage.files.reset()
    csms.timeline.set_default_mark(csms.timeline.mark())
    own = {key: value for key, value in given.items() if key in scenario.parameters}
    try:
        play(scenario, stage, own)
        broken = csms.violations(csms.timeline.default_mark, stage.charge_point, unexpected=True)
        if broken:
            grade = "tolerated by real CSMSs" if broken[0].grade == "tolerated" else "against the specification"
            raise ExpectationError(
                f"the charge point broke {scenario.version} ({grade}): {broken[0].error}\n{visible(broken[0].raw)}"
            )
    except NotSupportedError as lacking:
        terminal.print(f"{name}: {lacking}")
        return True
    except (DeviceError, ExpectationError) as error:
        terminal.print(Text(f"{name}: failed\n{error}", style="red"))
        return False
    found = csms.deviations(csms.timeline.default_mark, stage.charge_point)
    noted = f", with {len(found)} tolerated deviations, such as {found[0].deviation}" if found else ""
    terminal.print(Text(f"{name}: passed{visible(noted)}", style="yellow" if noted else "green"))
    return True


@contextlib.contextmanager
def _servers(
    host: str, port: int, identity: str, protocols: Sequence[SubprotocolName], access: FileAccess, *, strict: bool
) -> Iterator[tuple[Csms, Files]]:
    """Run a CSMS and a file server on a loop in a thread."""
    timeline = Timeline(keep=_KEPT_EVENTS)
    with loop_in_a_thread(timeline.clock, "csms") as loop:
        csms = Csms(timeline, loop, host, port, identity=identity, protocols=protocols, strict=strict)
        with contextlib.ExitStack() as stack:
            stack.callback(csms.shut_down)
            csms.start()
            files = access.server(timeline, loop, host)
            stack.callback(files.shut_down)
            files.start()
            yield csms, files


def _print_refusals(csms: Csms, terminal: Terminal) -> None:
    """Print why a client is refused, for example because it speaks another version of OCPP."""

    def show(event: object) -> None:
        if isinstance(event, ClientRefused):
            terminal.print(Text(visible(refusal_words(event)), style="yellow"))

    csms.timeline.listen(show)


def _print_traffic(csms: Csms, terminal: Terminal) -> None:
    def show(event: object) -> None:
        if isinstance(event, OcppFrame):
            terminal.print(Text(f"    {visible(frame_line(event, width=1000))}", style="dim"))

    csms.timeline.listen(show)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BenchError(f"{text!r} is not a parameter", "Write NAME=VALUE")
    return name, value
