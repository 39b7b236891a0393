"""Serves the HTTP API of an open bench with uvicorn."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn

from rig.api.app import Link, make_app
from rig.api.gate import Gate
from rig.api.trace import Trace
from rig.live.client import Client, clients
from rig.util.errors import BenchError

_MOST_CONNECTIONS = 64
_IDLE_S = 30


def serve(client: Client, listener: socket.socket, token: str, on_ready: Callable[[], None] = lambda: None) -> None:
    """Serve the API of a bench until SIGINT or SIGTERM, or until the bench ends.

    Args:
        client: a connection to the bench, for acting.
        listener: a listening socket.
        token: the bearer token that each request needs.
        on_ready: called when everything is set up.

    Raises:
        BenchError: the bench accepts no more connections.
    """
    with _another(client) as looking, _another(client) as tracing:
        server: uvicorn.Server | None = None

        def stop() -> None:
            if server is not None:
                server.should_exit = True

        trace = Trace(tracing, on_end=stop)
        config = uvicorn.Config(
            Gate(make_app(Link(looking), Link(client), trace), token),
            log_level="warning",
            access_log=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        server = uvicorn.Server(config)
        on_ready()
        if not trace.end:
            server.run(sockets=[listener])
        if trace.end:
            raise BenchError(f"the bench ended meanwhile: {trace.end}", "Start it again")


@contextlib.contextmanager
def _another(client: Client) -> Iterator[Client]:
    """Connect once more to the bench of a client."""
    found = [one for one in clients(pid=client.hello["pid"]) if one.hello["bench"] == client.hello["bench"]]
    for extra in found[1:]:
        extra.close()
    if not found:
        raise BenchError(f"{client.holder} accepts no more connections", "End another client")
    with found[0] as another:
        yield another
