"""Serves the page until the process ends."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI
from nicegui import ui
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from rig.console.feed import relay
from rig.console.gate import Gate, is_loopback
from rig.console.link import Wanted
from rig.console.page import Page
from rig.util.errors import BenchError

_STATIC = Path(__file__).parent / "static"
_GONE_S = 10.0
"""Real seconds after which a tab that lost its connection counts as closed. A closed tab reports that itself."""
_CLOSE_S = 2


def serve(wanted: Wanted, host: str, port: int, token: str, ready: Callable[[str], None]) -> None:
    """Serve the page of a bench until Ctrl-C.

    Args:
        wanted: the bench, which need not be open.
        host: the address to listen on.
        port: the TCP port; 0 for any.
        token: the text that a browser must send; empty: one is generated for an address that other machines can reach.
        ready: called with the page's address when it is served.

    Raises:
        BenchError: the port cannot be used.
    """
    is_local = is_loopback(host)
    if not is_local:
        token = token or secrets.token_urlsafe(24)
    listener = _listen(host, port)
    app = FastAPI(openapi_url=None)
    app.mount("/console", StaticFiles(directory=_STATIC))

    @app.websocket("/feed")
    async def feed(websocket: WebSocket) -> None:
        await relay(websocket, wanted)

    @ui.page("/", title=f"{wanted.path.stem} – Plugbench")
    def page() -> None:
        Page(wanted, is_local=is_local).build()

    ui.run_with(app, dark=None, reconnect_timeout=_GONE_S, show_welcome_message=False)
    config = uvicorn.Config(
        Gate(app, token, is_local), log_level="warning", lifespan="on", timeout_graceful_shutdown=_CLOSE_S
    )
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{listener.getsockname()[1]}/"
    ready(f"{address}?token={quote(token)}" if token else address)
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, so that the address is known before the first request."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        raise BenchError(
            f"the page cannot be served on {host} port {port}: {error.strerror}",
            "Choose another port with --port, or end the program that uses it",
        ) from None
    return listener
