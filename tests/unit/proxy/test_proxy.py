"""The proxy in front of a plain TCP server: byte-exact, with the configured faults."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Iterator

import pytest

from rig.instruments.proxy import Delay, Proxy
from rig.util import tcp
from rig.util.clock import BenchClock
from rig.util.errors import BenchError

from .conftest import on_the_loop

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Start = Callable[[Handler], Awaitable[Proxy]]
LIMIT = 5.0


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
        writer.write(b"(end)")
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
def start(loop: asyncio.AbstractEventLoop, clock: BenchClock) -> Iterator[Start]:
    opened: list[tuple[asyncio.Server, Proxy]] = []

    async def make(handler: Handler = echo) -> Proxy:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        proxy = Proxy("127.0.0.1", 0, server.sockets[0].getsockname())
        await proxy.admit("accept")
        opened.append((server, proxy))
        return proxy

    async def close() -> None:
        for server, proxy in opened:
            await proxy.close()
            server.close()

    yield make
    clock.deadline(LIMIT).result(asyncio.run_coroutine_threadsafe(close(), loop))


async def connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def exchange(connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], data: bytes) -> bytes:
    reader, writer = connection
    writer.write(data)
    return await asyncio.wait_for(reader.readexactly(len(data)), LIMIT)


async def receives_nothing(reader: asyncio.StreamReader, seconds: float = 0.05) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), seconds)
    except TimeoutError:
        return True
    return False


@on_the_loop
async def test_every_byte_comes_through_in_order(start: Start) -> None:
    proxy = await start(echo)
    data = random.Random(1).randbytes(1_000_000)
    reader, writer = await connect(proxy)
    received = asyncio.create_task(reader.readexactly(len(data)))
    writer.write(data)
    assert await asyncio.wait_for(received, LIMIT) == data


@on_the_loop
async def test_a_half_close_is_passed_on_and_the_answer_still_comes(start: Start) -> None:
    reader, writer = await connect(await start(echo))
    writer.write(b"x")
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(-1), LIMIT) == b"x(end)"


@on_the_loop
async def test_a_slow_reader_holds_the_sender_up(start: Start) -> None:
    stalled = asyncio.Event()

    async def never_reads(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await stalled.wait()

    _, writer = await connect(await start(never_reads))
    writer.write(bytes(64 << 20))
    left = 0
    while left != (left := writer.transport.get_write_buffer_size()):  # until the sender is blocked
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.2)
    assert left > 32 << 20
    writer.transport.abort()
    stalled.set()


@on_the_loop
async def test_a_drop_resets_both_sides(start: Start) -> None:
    seen: asyncio.Future[type[BaseException] | None] = asyncio.get_running_loop().create_future()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(1))
        try:
            await reader.read(1)
            seen.set_result(None)
        except ConnectionResetError as error:
            seen.set_result(type(error))
        writer.close()

    proxy = await start(watch)
    connection = await connect(proxy)
    await exchange(connection, b"x")
    assert proxy.connections == 1
    assert await proxy.drop() == 1
    assert proxy.connections == 0
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(connection[0].read(1), LIMIT)
    assert await asyncio.wait_for(seen, LIMIT) is ConnectionResetError


@on_the_loop
async def test_a_reset_by_the_server_reaches_the_client_as_a_reset(start: Start) -> None:
    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        tcp.reset(writer.transport)

    reader, writer = await connect(await start(slam))
    writer.write(b"x")
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), LIMIT)


@on_the_loop
async def test_a_refusal_keeps_open_connections_and_the_port(start: Start) -> None:
    proxy = await start(echo)
    port = proxy.port
    connection = await connect(proxy)
    await exchange(connection, b"before")
    await proxy.admit("refuse")
    with pytest.raises(ConnectionRefusedError):
        await connect(proxy)
    assert await exchange(connection, b"during") == b"during"
    await proxy.admit("accept")
    assert proxy.port == port
    assert await exchange(await connect(proxy), b"after") == b"after"


@on_the_loop
async def test_a_black_hole_delays_all_bytes_until_it_ends(start: Start) -> None:
    proxy = await start(echo)
    old = await connect(proxy)
    await exchange(old, b"before")
    await proxy.black_hole(True)
    new = await connect(proxy)
    old[1].write(b"held")
    new[1].write(b"new")
    assert await receives_nothing(old[0])
    assert await receives_nothing(new[0])
    await proxy.black_hole(False)
    assert await asyncio.wait_for(old[0].readexactly(4), LIMIT) == b"held"
    assert await asyncio.wait_for(new[0].readexactly(3), LIMIT) == b"new"


@pytest.mark.parametrize("end", ["close", "abort"])
@on_the_loop
async def test_the_end_of_a_connection_does_not_pass_a_black_hole(start: Start, end: str) -> None:
    server_sees: asyncio.Queue[str] = asyncio.Queue()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(1))
        try:
            server_sees.put_nowait("eof" if await reader.read(1) == b"" else "data")
        except ConnectionResetError:
            server_sees.put_nowait("reset")
        writer.close()

    proxy = await start(watch)
    connection = await connect(proxy)
    await exchange(connection, b"x")
    await proxy.black_hole(True)
    if end == "close":
        connection[1].close()
    else:
        tcp.reset(connection[1].transport)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(server_sees.get(), 0.05)
    await proxy.black_hole(False)
    assert await asyncio.wait_for(server_sees.get(), LIMIT) == ("eof" if end == "close" else "reset")


@on_the_loop
async def test_latency_delays_each_way_and_keeps_the_order(start: Start) -> None:
    proxy = await start(echo)
    reader, writer = await connect(proxy)
    await exchange((reader, writer), b"warm")
    await proxy.slow_down(Delay(0.03, 0.02, seed=7))
    loop = asyncio.get_running_loop()
    begun = loop.time()
    sent = b""
    for number in range(20):
        piece = b"%06d" % number
        writer.write(piece)
        sent += piece
        await asyncio.sleep(0)
    assert await asyncio.wait_for(reader.readexactly(len(sent)), LIMIT) == sent
    assert 0.06 <= loop.time() - begun <= 0.10


@on_the_loop
async def test_the_same_seed_draws_the_same_delays() -> None:
    proxy = Proxy("127.0.0.1", 0, ("127.0.0.1", 1))
    await proxy.slow_down(Delay(0.1, 0.1))
    draws = [[proxy.draw_delay(source) for _ in range(5)] for source in (random.Random(3), random.Random(3))]
    assert draws[0] == draws[1]
    assert len(set(draws[0])) == 5
    assert all(0.1 <= delay <= 0.2 for delay in draws[0])
    await proxy.close()


@on_the_loop
async def test_a_missing_server_resets_the_client() -> None:
    proxy = Proxy("127.0.0.1", 0, ("127.0.0.1", 1))
    await proxy.admit("accept")
    reader, _ = await connect(proxy)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), LIMIT)
    await proxy.close()


@on_the_loop
async def test_ignored_connection_attempts_succeed_later() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy("127.0.0.1", 0, server.sockets[0].getsockname())
    await proxy.admit("accept")
    await proxy.admit("ignore")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connect(proxy), 0.1)
    await proxy.admit("accept")
    reader, writer = await asyncio.wait_for(connect(proxy), LIMIT)
    writer.write(b"there")
    assert await asyncio.wait_for(reader.readexactly(5), LIMIT) == b"there"
    await proxy.close()
    server.close()


@on_the_loop
async def test_a_port_in_use_is_an_error_with_its_holder() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(BenchError, match=rf"port {port} is taken by \S+ \(pid {os.getpid()}\)"):
        Proxy("127.0.0.1", port, ("127.0.0.1", 1))
    server.close()
