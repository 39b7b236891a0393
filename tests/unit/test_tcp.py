"""TCP ports of the bench."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from rig.util.tcp import Port, holder_of


@pytest.mark.asyncio
async def test_accepted_connections_send_small_frames_at_once() -> None:
    """With Nagle's algorithm a frame right after another would wait 40 ms for a delayed acknowledgement."""
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        endpoint = writer.get_extra_info("socket")
        accepted.set_result(endpoint.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    port = Port("127.0.0.1", 0, "test")
    async with await asyncio.start_server(serve, sock=port.listener()):
        _, writer = await asyncio.open_connection("127.0.0.1", port.number)
        assert await accepted != 0
        writer.close()
        await writer.wait_closed()
    port.close()


def test_the_holder_of_a_port_is_found_despite_a_closed_descriptor() -> None:
    """The listing of a process has a descriptor of its own, which is closed afterwards; here it comes first."""
    spare = [os.open("/dev/null", os.O_RDONLY) for _ in range(3)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert max(spare) < server.fileno()
        for descriptor in spare:
            os.close(descriptor)
        assert holder_of(server.getsockname()[1]).endswith(f" (pid {os.getpid()})")
