"""A TCP proxy that can be a bad network: refuse, drop, black-hole, delay. Otherwise byte-exact."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from rig.util import tcp

Admission = Literal["accept", "refuse", "ignore"]
"""What becomes of attempts to connect: accepted; refused (RST to each SYN); never answered, as behind a firewall that
drops SYNs."""

_CHUNK = 65536
_MAX_DELAYED = 1 << 20  # bytes in flight in one direction of one connection; above it the sender is held up


_HELD_S = 0.001
"""A piece that passed within this many seconds was not held back."""


class Delay(NamedTuple):
    """How long everything takes, each way.

    Attributes:
        latency_s: bench seconds.
        jitter_s: up to this much more, drawn evenly for each piece.
        seed: makes the draws repeatable, connection by connection.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    seed: int = 0


class _Way:
    """One direction of a connection: reads here, writes there, in order, none earlier than its delay says."""

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
        """Carry bytes until the end of the stream, then pass that on as a half-close."""
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
                await asyncio.sleep(due - loop.time())  # the delay itself
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
    """Stands in front of a TCP server. All methods belong to the loop that runs it; `Network` wraps it for tests.

    Bytes are never lost or changed within a connection: TCP would have repeated them. A black hole holds them back
    and lets them go when it ends; what must be lost needs a dropped connection.

    Args:
        host: the address to listen on.
        port: 0 takes a free one; the number is kept until `close`, also while it refuses.
        upstream: host and port of the server behind.
        on_held: called with the direction, True to the device, and the bench seconds for which a piece was held back.

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
        self._port = tcp.Port(host, port, "the bench's CSMS port")
        self._upstream = upstream
        self._admission: Admission = "refuse"
        self._server: asyncio.Server | None = None
        self._deaf: tuple[socket.socket, socket.socket] | None = None
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._passable = asyncio.Event()
        self._passable.set()
        self._delay = Delay()
        self._seeds = random.Random(0)

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self._port.host

    @property
    def port(self) -> int:
        """The port, constant over its life."""
        return self._port.number

    @property
    def connections(self) -> int:
        """How many connections are open through it."""
        return len(self._connections)

    @property
    def admission(self) -> Admission:
        """What becomes of attempts to connect at present. It refuses them until it is told otherwise."""
        return self._admission

    @property
    def is_black_hole(self) -> bool:
        """Whether nothing gets through at present."""
        return not self._passable.is_set()

    @property
    def delay(self) -> Delay:
        """How long everything takes at present."""
        return self._delay

    async def admit(self, admission: Admission) -> None:
        """Accept, refuse or ignore attempts to connect from now on. Open connections stay."""
        if admission == self._admission:
            return
        self._shut()
        if admission == "accept":
            self._server = await asyncio.start_server(self._accepted, sock=self._port.listener(), limit=_CHUNK)
        elif admission == "ignore":
            # A listener that accepts nobody, with room for one who is there already: the kernel drops what else comes.
            listener = self._port.listener(backlog=0)
            guest = socket.socket(listener.family, socket.SOCK_STREAM)
            self._deaf = listener, guest
            guest.connect(listener.getsockname())
        self._admission = admission

    def _shut(self) -> None:
        self._admission = "refuse"
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._deaf is not None:
            for end in self._deaf:
                end.close()
            self._deaf = None

    async def drop(self) -> int:
        """Reset all connections now, on both sides. Returns how many there were."""
        dropped = list(self._connections.items())
        for task, writers in dropped:
            _reset_all(writers)
            task.cancel()
        if dropped:
            await asyncio.wait([task for task, _ in dropped])
        return len(dropped)

    async def black_hole(self, on: bool) -> None:
        """Let nothing through either way, but keep connections and accept new ones; or let all through again."""
        if on:
            self._passable.clear()
        else:
            self._passable.set()

    async def slow_down(self, delay: Delay) -> None:
        """Delay what comes from now on, each way, and keep its order."""
        self._delay = delay
        self._seeds = random.Random(delay.seed)

    async def close(self) -> None:
        """End everything and give the port back."""
        self._shut()
        await self.drop()
        self._port.close()

    # -- for the ways -------------------------------------------------------------------------------------------

    def draw_delay(self, source: random.Random) -> float:
        """How long the next piece takes, in bench seconds."""
        if not self._delay.latency_s and not self._delay.jitter_s:
            return 0.0
        return self._delay.latency_s + source.uniform(0, self._delay.jitter_s)

    def report_held(self, to_device: bool, seconds: float) -> None:
        """Report a piece that goes on after it was held back; one that passed at once is not worth a word."""
        if self._on_held is not None and seconds >= _HELD_S:
            self._on_held(to_device, seconds)

    async def passable(self) -> None:
        """Returns when no black hole is on."""
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
            await self.passable()  # a reset does not pass a black hole either
            _reset_all(writers)
        except asyncio.CancelledError:  # dropped; the stream server would report it as an error
            _reset_all(writers)
        finally:
            del self._connections[task]

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, writers: list[asyncio.StreamWriter]
    ) -> bool:
        """Carry a connection to its end. False where one of its sides failed."""
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
