"""`rig fleet`: many virtual charge points against one CSMS."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import selectors
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from rig.adapters.csms_url import problem_of_url
from rig.adapters.plugbench import provision
from rig.csms.behaviour import Behaviour
from rig.csms.server import MOST_CONNECTIONS, CsmsServer
from rig.firmware.build import build
from rig.firmware.build import package as package_firmware
from rig.firmware.partitions import TABLE_OFFSET
from rig.timeline import Timeline
from rig.timeline.events import Event, LinkChange
from rig.util.errors import BenchError, DeviceError, ExpectationError
from rig.util.open_files import allow_open_files
from rig.wiring.virtual.fleet import FleetDevice, check_all
from rig.wiring.virtual.run_directory import RunDirectory
from rig.wiring.virtual.stepping.fleet_clock import FleetClock

_KEPT_EVENTS = 16
_FILES_OF_A_DEVICE = 8
"""The number of open files of this process for one device, including the device's connection to the CSMS."""
_SPARE_FILES = 100
_BOOT_LIMIT_S = 300
_RETURN_LIMIT_S = 900
_STABLE_S = 90
"""A device whose connection lasted this long reconnects after the shortest pause (`backoff_stable_s` is 60)."""
_LOOK_S = 5
"""Device seconds between two looks at the devices. A device that blinks its LEDs reports about ten edges in a second,
and blocks when about 270 of its edges are unread."""
_CONNECTED = b"ws: connected"
_MOST_S = 1e7
"""The longest run, in seconds: four months."""
_LARGEST_SEED = 10**9
"""Each device gets the seed times a million, plus its number: a number of 64 bits."""


@dataclass(frozen=True, slots=True)
class FleetRun:
    """The result of an outage of the CSMS.

    Attributes:
        points: the number of devices.
        seed: the seed of the run.
        outage_s: the duration of the outage, in device seconds.
        back_after_s: for each device, the device seconds from the return of the CSMS to its connection, ascending.
        lost: devices that did not connect within 15 minutes.
    """

    points: int
    seed: int
    outage_s: float
    back_after_s: tuple[float, ...]
    lost: int

    @property
    def busiest_second(self) -> int:
        """The largest number of connections within any second, wherever that second begins."""
        times, first, most = self.back_after_s, 0, 0
        for last, at in enumerate(times):
            while round(at - times[first], 6) >= 1:
                first += 1
            most = max(most, last - first + 1)
        return most

    @property
    def busiest_share(self) -> float:
        """`busiest_second` as a share of all devices, in percent."""
        return 100 * self.busiest_second / self.points

    def __str__(self) -> str:
        waits = self.back_after_s
        spread = f"the first after {waits[0]:.1f} s, the last after {waits[-1]:.1f} s" if waits else "none came back"
        return (
            f"{self.points} devices, seed {self.seed}, CSMS gone for {self.outage_s:g} s: {len(waits)} are back, "
            f"{spread}. Busiest second: {self.busiest_second} devices, {self.busiest_share:.1f} %"
        )


_OUTAGE_S = 3600.0
_SECONDS = 60.0


def command(
    points: Annotated[int, typer.Option(min=1, max=MOST_CONNECTIONS // 2, help="The number of devices.")] = 20,
    csms: Annotated[
        str, typer.Option(metavar="URL", help="ws://HOST:PORT/PATH of a CSMS, in real time. Without it: the fake CSMS.")
    ] = "",
    outage: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=_MOST_S,
            metavar="S",
            help=f"The time that the fake CSMS is gone, in device seconds. Without it: {_OUTAGE_S:g}.",
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1, max=_MOST_S, metavar="S", help=f"How long to run against --csms. Without it: {_SECONDS:g}."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="The same seed makes the same run.")] = 1,
    limit: Annotated[
        float | None,
        typer.Option(
            min=0, max=100, metavar="PERCENT", help="Fail if a larger share reconnects in a second. Without it: never."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run many virtual charge points, and measure how many reconnect in the busiest second after an outage."""
    of_outage = {"--outage": outage is not None, "--limit": limit is not None, "--json": as_json}
    of_csms = {"--seconds": seconds is not None}
    for option, is_given in (of_outage if csms else of_csms).items():
        if is_given:
            raise typer.BadParameter(f"{option} has no effect {'with' if csms else 'without'} --csms: leave it out.")
    if csms:
        print(run_against(csms, Path.cwd(), points=points, seconds=seconds or _SECONDS, seed=seed))
        return
    run = run_outage(Path.cwd(), points=points, outage_s=_OUTAGE_S if outage is None else outage, seed=seed)
    print(json.dumps(asdict(run) | {"busiest_second": run.busiest_second}) if as_json else run)
    check_run(run, limit)


def check_run(run: FleetRun, limit: float | None) -> None:
    """Check the result of an outage.

    Args:
        run: the result.
        limit: the largest accepted share of devices within any second, in percent; None accepts all.

    Raises:
        DeviceError: a device did not come back.
        ExpectationError: too many devices came back within one second.
    """
    if run.lost:
        raise DeviceError(f"{run.lost} of {run.points} devices did not reconnect within {_RETURN_LIMIT_S} s")
    if limit is not None and run.busiest_share > limit:
        raise ExpectationError(
            f"{run.busiest_second} of {run.points} devices reconnected within one second: "
            f"{run.busiest_share:.1f} %, at most {limit:g} %"
        )


def run_outage(root: Path, *, points: int, outage_s: float, seed: int) -> FleetRun:
    """Connect devices to our CSMS in stepped time, stop the CSMS for a while, and watch the reconnects.

    All devices boot at the same moment and lose their connections at the same moment, as after a power failure.

    Args:
        root: the project's folder.
        points: the number of devices.
        outage_s: how long the CSMS is gone, in device seconds.
        seed: seeds the devices' random numbers.

    Raises:
        BenchError: the firmware cannot be built, a device cannot be started, or it has ended.
        DeviceError: the devices did not connect at the start.
    """
    clock = FleetClock()
    loop = clock.event_loop("fleet")
    try:
        return loop.run_until_complete(_outage(clock, root, points, outage_s, seed))
    finally:
        # After an error or Ctrl-C the server's tasks still have to end.
        clock.abandon()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with contextlib.suppress(Exception, asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()
        clock.close()


def run_against(csms_url: str, root: Path, *, points: int, seconds: float, seed: int) -> str:
    """Run devices in real time against any CSMS, and count their connections by their consoles.

    Args:
        csms_url: `ws://HOST:PORT/PATH`; each device appends its identity.
        root: the project's folder.
        points: the number of devices.
        seconds: the duration in real seconds. Ctrl-C ends the run earlier.
        seed: seeds the devices' random numbers.

    Returns:
        The result in words.

    Raises:
        BenchError: as for `run_outage`, the URL is invalid, or no device connected.
    """
    if problem := problem_of_url(csms_url):
        raise BenchError(f"--csms {csms_url!r} {problem}", "Write ws://HOST:PORT/PATH, like ws://127.0.0.1:9000/")
    connections = dict.fromkeys(range(points), 0)
    with (
        _fleet(root, csms_url, points, seed, None) as devices,
        selectors.DefaultSelector() as selector,  # select.select fails beyond descriptor 1023
        contextlib.suppress(KeyboardInterrupt),
    ):
        for number, device in enumerate(devices):
            selector.register(device, selectors.EVENT_READ, number)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(min(left, 1)):
                # A line that is split between two reads is not counted. Such a split is rare.
                connections[key.data] += devices[key.data].read_console().count(_CONNECTED)
            for device in devices:
                device.check()
    connected = sum(1 for count in connections.values() if count)
    if not connected:
        raise BenchError(
            f"none of {points} devices connected to {csms_url} within {seconds:g} s",
            "Check that a CSMS listens there and accepts ocpp1.6; give it more time with --seconds",
        )
    return f"{points} devices: {connected} connected, {sum(connections.values())} connections"


async def _outage(clock: FleetClock, root: Path, points: int, outage_s: float, seed: int) -> FleetRun:
    timeline = Timeline(clock, keep=_KEPT_EVENTS)
    links = _Links(points)
    timeline.listen(links.take)
    server = CsmsServer(timeline, Behaviour(clock))
    await server.start()
    try:
        with _fleet(root, f"ws://{server.host}:{server.port}/", points, seed, clock) as devices:
            if not await links.all_connected(_BOOT_LIMIT_S, devices):
                raise DeviceError(
                    f"only {len(links.connected)} of {points} devices connected within {_BOOT_LIMIT_S} s after the boot"
                )
            await _pass(devices, _STABLE_S)
            await server.stop()
            links.connected.clear()
            await _pass(devices, outage_s)
            returned = clock.now()
            await server.start()
            await links.all_connected(_RETURN_LIMIT_S, devices)
            back = sorted(round((at - returned) / 1e9, 6) for at in links.connected.values())
            check_all(devices)
            return FleetRun(points, seed, outage_s, tuple(back), points - len(back))
    finally:
        await server.close()


async def _pass(devices: Sequence[FleetDevice], seconds: float) -> None:
    """Let device time pass, and read the consoles regularly."""
    left = seconds
    while left > 0:
        await asyncio.sleep(min(left, _LOOK_S))
        left -= _LOOK_S
        check_all(devices)


class _Links:
    """The devices' connections, by identity.

    Attributes:
        connected: the stamp of each device's first connection since the last `clear`.
    """

    def __init__(self, points: int) -> None:
        self.connected: dict[str, int] = {}
        self._points = points
        self._all = asyncio.Event()

    def take(self, event: Event) -> None:
        """Take an event of the timeline."""
        if isinstance(event, LinkChange) and event.connected:
            self.connected.setdefault(event.charge_point, event.t)
            if len(self.connected) == self._points:
                self._all.set()

    async def all_connected(self, limit_s: float, devices: Sequence[FleetDevice]) -> bool:
        """Wait until every device has connected, and read the consoles regularly. Return False after the limit."""
        self._all.clear()
        left = limit_s
        while len(self.connected) < self._points and left > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all.wait(), _LOOK_S)
            left -= _LOOK_S
            check_all(devices)
        return len(self.connected) == self._points


@contextlib.contextmanager
def _fleet(root: Path, csms_url: str, points: int, seed: int, clock: FleetClock | None) -> Iterator[list[FleetDevice]]:
    """Start the devices for the block. After the block, end them and remove their files."""
    allow_open_files(points * _FILES_OF_A_DEVICE + _SPARE_FILES, f"{points} devices")
    # Without sanitizers, a device takes a tenth of the memory and half of the time.
    executable = build(root, sanitize=False)
    manifest = package_firmware(executable, root).manifest
    partition = manifest.storage()
    table = dict(manifest.contents())[TABLE_OFFSET]
    program, psk = executable.read_bytes(), secrets.token_urlsafe()
    with contextlib.ExitStack() as stack:
        run = RunDirectory(root)
        stack.callback(run.close)
        devices: list[FleetDevice] = []
        for number in range(1, points + 1):
            identity = f"FLEET-{number:03d}"
            device = FleetDevice(
                program,
                identity,
                run.path / f"{identity}.bin",
                partitions=manifest.partition_table(),
                table=table,
                storage=provision(csms_url, identity, "fleet", psk, partition=partition),
                seed=seed * 1_000_003 + number,
                clock=clock,
            )
            stack.callback(device.close)
            devices.append(device)
        yield devices
