"""A TCP proxy that can refuse, drop, hold back or delay traffic. It never changes bytes."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from rig.util import tcp

Admission = Literal["accept", "refuse", "ignore"]
"""How attempts to connect are handled: accepted, refused (RST to each SYN), or ignored (no answer)."""

_CHUNK = 65536
_MAX_DELAYED = 1 << 20  # bytes in flight in one direction of one connection; beyond them the sender is blocked


_HELD_S = 0.001
"""Data that passed within this many seconds was not delayed."""


class Delay(NamedTuple):
    """The delay of all data, each way.

    Attributes:
        latency_s: the delay in bench seconds.
        jitter_s: the largest addition, drawn uniformly for each chunk of data, in bench seconds.
        seed: seeds the jitter of each connection.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    seed: int = 0


class _Way:
    """One direction of a connection: forwards data in order, each chunk after its delay."""

    def __init__(
        self,
        proxy: Proxy,
        source: asyncio.StreamReader,
        transport: asyncio.BaseTransport,
        sink: asyncio.StreamWriter,
        seed: int,
        to_device: bool,
    ) -> None:
        self._proxy = proxy
        self._to_device = to_device
        self._source = source
        self._transport = transport
        self._sink = sink
        self._random = random.Random(seed)
        self._pending: deque[tuple[float, float, bytes]] = deque()
        self._pending_bytes = 0
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Forward bytes until the end of the stream, then forward the half-close."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._take())
            tasks.create_task(self._give())

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while self._pending_bytes >= _MAX_DELAYED:
                await self._wait_for_change()
            data = await self._source.read(_CHUNK)
            tcp.acknowledge(self._transport)
            now = loop.time()
            self._pending.append((now, now + self._proxy.draw_delay(self._random), data))
            self._pending_bytes += len(data)
            self._changed.set()
            if not data:
                return

    async def _give(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._pending:
                await self._wait_for_change()
            came, due, data = self._pending[0]
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await self._proxy.passable()
            self._pending.popleft()
            self._pending_bytes -= len(data)
            self._changed.set()
            if not data:
                if self._sink.can_write_eof():
                    self._sink.write_eof()
                return
            self._proxy.report_held(self._to_device, loop.time() - came)
            self._sink.write(data)
            await self._sink.drain()

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


class Proxy:
    """A proxy in front of a TCP server. Call its methods on its loop; `Network` wraps it for tests.

    Bytes are never lost or changed within a connection, as with TCP retransmission. A black hole holds them back until
    it ends. To lose bytes, drop the connection.

    Args:
        host: the address to listen on.
        port: the port; 0 selects a free one. It stays reserved until `close`, even while connections are refused.
        upstream: host and port of the server.
        on_held: called with the direction, True to the device, and the bench seconds for which data was delayed.

    Raises:
        BenchError: the port is taken.
    """

    def __init__(
        self,
        host: str,
        port: int,
        upstream: tuple[str, int],
        on_held: Callable[[bool, float], None] | None = None,
    ) -> None:
        self._on_held = on_held
        self._port = tcp.Port(host, port, "the bench's proxy")
        self._upstream = upstream
        self._admission: Admission = "refuse"
        self._server: asyncio.Server | None = None
        self._full: tuple[socket.socket, socket.socket] | None = None
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._passable = asyncio.Event()
        self._passable.set()
        self._delay = Delay()
        self._seeds = random.Random(0)

    @property
    def host(self) -> str:
        """The address that it listens on."""
        return self._port.host

    @property
    def port(self) -> int:
        """The port. It never changes."""
        return self._port.number

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._connections)

    @property
    def admission(self) -> Admission:
        """How attempts to connect are handled; `refuse` until `admit` changes it."""
        return self._admission

    @property
    def is_black_hole(self) -> bool:
        """Whether all data is held back."""
        return not self._passable.is_set()

    @property
    def delay(self) -> Delay:
        """The current delay."""
        return self._delay

    async def admit(self, admission: Admission) -> None:
        """Accept, refuse or ignore attempts to connect from now on. Open connections stay."""
        if admission == self._admission:
            return
        self._shut()
        if admission == "accept":
            self._server = await asyncio.start_server(self._accepted, sock=self._port.listener(), limit=_CHUNK)
        elif admission == "ignore":
            # This listener never accepts, and its queue of one is full: the kernel drops all further SYNs.
            listener = self._port.listener(backlog=0)
            filler = socket.socket(listener.family, socket.SOCK_STREAM)
            self._full = listener, filler
            filler.connect(listener.getsockname())
        self._admission = admission

    def _shut(self) -> None:
        self._admission = "refuse"
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._full is not None:
            for end in self._full:
                end.close()
            self._full = None

    async def drop(self) -> int:
        """Reset all connections now, on both sides. Returns their number."""
        dropped = list(self._connections.items())
        for task, writers in dropped:
            _reset_all(writers)
            task.cancel()
        if dropped:
            await asyncio.wait([task for task, _ in dropped])
        return len(dropped)

    async def black_hole(self, on: bool) -> None:
        """Hold back all data both ways, on open and new connections; or forward it again."""
        if on:
            self._passable.clear()
        else:
            self._passable.set()

    async def slow_down(self, delay: Delay) -> None:
        """Set the delay of all data from now on, each way. The order is kept."""
        self._delay = delay
        self._seeds = random.Random(delay.seed)

    async def close(self) -> None:
        """Reset all connections and release the port."""
        self._shut()
        await self.drop()
        self._port.close()

    # -- for the ways -------------------------------------------------------------------------------------------

    def draw_delay(self, source: random.Random) -> float:
        """Return the delay of the next chunk of data, in bench seconds."""
        if not self._delay.latency_s and not self._delay.jitter_s:
            return 0.0
        return self._delay.latency_s + source.uniform(0, self._delay.jitter_s)

    def report_held(self, to_device: bool, seconds: float) -> None:
        """Report data that is forwarded after a noticeable delay."""
        if self._on_held is not None and seconds >= _HELD_S:
            self._on_held(to_device, seconds)

    async def passable(self) -> None:
        """Wait until no black hole is on."""
        await self._passable.wait()

    # -- connections --------------------------------------------------------------------------------------------

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        writers = self._connections[task] = [writer]
        try:
            if await self._carry(reader, writer, writers):
                for done in writers:
                    done.close()
                return
            await self.passable()  # a black hole holds back a reset, too
            _reset_all(writers)
        except asyncio.CancelledError:  # `drop` cancels; the stream server would report an error
            _reset_all(writers)
        finally:
            del self._connections[task]

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, writers: list[asyncio.StreamWriter]
    ) -> bool:
        """Forward a connection until its end. Returns False if one of its sides failed."""
        await self.passable()
        try:
            up_reader, up_writer = await asyncio.open_connection(*self._upstream, limit=_CHUNK)
        except OSError:
            return False
        writers.append(up_writer)
        whole = True
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(
                    _Way(self, reader, writer.transport, up_writer, self._seeds.getrandbits(32), to_device=False).run()
                )
                ways.create_task(
                    _Way(
                        self, up_reader, up_writer.transport, writer, self._seeds.getrandbits(32), to_device=True
                    ).run()
                )
        except* OSError:
            whole = False
        return whole


def _reset_all(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        tcp.reset(writer.transport)
