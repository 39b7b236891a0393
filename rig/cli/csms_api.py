"""`rig csms api`: an HTTP API for programs, over the live socket of an open CSMS or bench."""

from __future__ import annotations

import importlib.util
import secrets
import socket
from pathlib import Path
from typing import Annotated

import typer

from rig.cli.attach import attached, described
from rig.cli.options import AttachOption, PidOption
from rig.util.errors import BenchError
from rig.util.named_file import read_file
from rig.util.redaction import remember_secrets

_SHORTEST_TOKEN = 16
_LARGEST_FILE = 10_000


def command(
    host: Annotated[str, typer.Option(help="The address to listen on. The API has no TLS.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The TCP port; 0: any free one.")] = 9100,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file of the token; without it the command prints a new token."),
    ] = None,
    bench: AttachOption = None,
    pid: PidOption = None,
) -> None:
    """Serve an HTTP API with OpenAPI for an open CSMS or bench, until Ctrl-C."""
    if any(importlib.util.find_spec(package) is None for package in ("fastapi", "uvicorn")):
        raise BenchError("`rig csms api` needs the extra `api`, which is not installed", "Run `make setup-api`")
    from rig.api.server import serve  # needs the extra

    token = _read(token_file) if token_file is not None else secrets.token_urlsafe(24)
    with attached(bench, pid, "rig csms api", may_open=False) as session, _listen(host, port) as listener:
        address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"

        def ready() -> None:
            typer.echo(f"{address}/openapi.json describes the API of {described(session.client)}; Ctrl-C ends it")
            if token_file is None:
                typer.echo(f"token: {token}")  # before `remember_secrets`, after which output masks it
            remember_secrets({"password": token})

        serve(session.client, listener, token, ready)


def _read(file: Path) -> str:
    try:
        token = read_file(file, _LARGEST_FILE, pipe=True).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"the token cannot be read from {file}: {error}", "Name a text file") from None
    if len(token) < _SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise BenchError(
            f"the token in {file} is not one line of at least {_SHORTEST_TOKEN} printable ASCII characters",
            "Write a random token into the file",
        )
    return token


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise BenchError(
            f"{host}:{port} cannot be listened on: {error.strerror}",
            "Choose another --port, or an address of this machine",
        ) from None
