"""`rig csms load`: many charge points on any CSMS, with percentiles and limits."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Annotated

import typer

from rig.cli.exit_codes import EXIT_FAILURE
from rig.cli.options import JsonOption
from rig.csms.security import read_passwords
from rig.load.figures import Figures
from rig.load.limits import Limit
from rig.load.points import Load, LoadAction, run
from rig.ocpp.versions import SubprotocolName
from rig.util.errors import BenchError

_LONGEST_S = 7 * 86_400


def command(
    url: Annotated[str, typer.Argument(metavar="URL", help="The CSMS, such as ws://127.0.0.1:9000/; no identity.")],
    points: Annotated[int, typer.Option(min=1, max=20_000, help="The number of charge points.")] = 100,
    rate: Annotated[float, typer.Option(min=0.001, max=1e6, help="Calls per second, of all points together.")] = 100.0,
    seconds: Annotated[
        float, typer.Option("--for", metavar="SECONDS", min=1, max=_LONGEST_S, help="The duration of the load.")
    ] = 60.0,
    action: Annotated[LoadAction, typer.Option(help="The call.")] = "Heartbeat",
    protocol: Annotated[
        SubprotocolName, typer.Option(help="The WebSocket sub-protocol of the charge points.")
    ] = "ocpp1.6",
    limit: Annotated[
        list[str] | None,
        typer.Option(metavar="FIGURE=VALUE", help="A limit: p95=200, max=1000 (ms), rate=90, errors=0, lost=0 …"),
    ] = None,
    ramp: Annotated[float, typer.Option(min=0.1, max=10_000, help="New connections in each second.")] = 100.0,
    timeout: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds to wait for an answer.")] = 30.0,
    prefix: Annotated[str, typer.Option(help="The identities are this text and a number from 1 on.")] = "LOAD-",
    seed: Annotated[int, typer.Option(min=0, help="The same seed plans the calls at the same moments.")] = 0,
    basic_auth_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Passwords: lines of identity:password, or identity:hex:0123…")
    ] = None,
    root: Annotated[Path | None, typer.Option(metavar="FILE", help="The root certificate of a wss:// CSMS.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let many charge points call any CSMS at a fixed rate, and print the answer times."""
    if not url.startswith(("ws://", "wss://")):
        raise BenchError(f"{url!r} is not the URL of a CSMS", "Write ws://HOST:PORT/ or wss://HOST:PORT/")
    limits = [Limit.parse(text) for text in limit or ()]
    passwords = read_passwords(basic_auth_file) if basic_auth_file is not None else {}
    load = Load(url, points, rate, seconds, action, prefix, ramp, timeout, seed, passwords, _tls(url, root), protocol)

    def progress(figures: Figures) -> None:
        typer.echo(f"{figures.elapsed_s:6.0f} s  {figures.connected}/{points} connected  {_words(figures)}", err=True)

    figures = asyncio.run(run(load, progress, every_s=1.0 if sys.stderr.isatty() else 10.0))
    exceeded = [words for each in limits if (words := each.exceeded(figures))]
    if as_json:
        typer.echo(json.dumps({**figures.as_json(), "exceeded": exceeded}))
    else:
        typer.echo(f"{figures.reached} of {points} charge points connected, {_words(figures)}")
        for reason, number in figures.reasons.most_common():
            typer.echo(f"  {number} times: {reason}")
        for words in exceeded:
            typer.echo(f"limit: {words}")
    if exceeded:
        sys.exit(EXIT_FAILURE)


def _words(figures: Figures) -> str:
    times = "  ".join(f"p{percent} {figures.times.percentile(percent) * 1000:.1f}" for percent in (50, 95, 99))
    failures = "  ".join(f"{number} {kind}" for kind, number in figures.counts().items())
    return (
        f"{figures.times.count} answers, {figures.rate:.1f}/s  {times}  max {figures.times.longest_s * 1000:.1f} ms  "
        f"{failures}"
    )


def _tls(url: str, root: Path | None) -> ssl.SSLContext | None:
    """Return the settings of wss; None for ws."""
    if not url.startswith("wss:"):
        return None
    try:
        return ssl.create_default_context(cafile=None if root is None else str(root))
    except (OSError, ssl.SSLError) as error:
        raise BenchError(f"the root certificate {root} cannot be read: {error}", "Name a PEM file") from None
