"""`rig console`: a web page that watches a bench and operates it by hand."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from rig.cli.attach import attached
from rig.cli.options import AttachOption, PidOption
from rig.util.errors import BenchError


def command(
    bench: AttachOption = None,
    pid: PidOption = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address of the page; any but a loopback address needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The TCP port; 0 for any.")] = 8070,
    token: Annotated[
        str, typer.Option(envvar="RIG_CONSOLE_TOKEN", help="The token of the page; if needed, one is generated.")
    ] = "",
) -> None:
    """Show a bench on a web page and operate it by hand, until Ctrl-C. Opens the bench if it is not open."""
    if find_spec("nicegui") is None:
        raise BenchError("`rig console` needs the extra `console`, which is not installed", "Run `make setup-console`")
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(attached(bench, pid, "rig console"))
        session.switch_on()
        path = Path(session.client.hello["path"])
        # A bench of another program may close and be opened again; the page waits for it.
        if not session.is_own:
            session.client.close()
        from rig.console.link import Wanted  # slow: the whole page
        from rig.console.serve import serve

        serve(Wanted(path, pid), host, port, token, lambda address: _announce(address, host))


def _announce(address: str, host: str) -> None:
    from rig.console.gate import is_loopback

    typer.echo(f"the page: {address}")
    if not is_loopback(host):
        typer.secho(
            "Warning: other machines can reach this page. Everybody who knows the address with its token can operate "
            "the bench, and the connection is not encrypted.",
            fg="yellow",
            err=True,
        )
