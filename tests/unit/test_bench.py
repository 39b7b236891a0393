"""The whole bench, on the virtual board without firmware."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pty
import socket
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

import rig.bench.bench
from rig.bench import Bench
from rig.bench.bench_file import load
from rig.bench.locks import lock_bench
from rig.config.description import Description
from rig.faults import PowerCut
from rig.timeline import Timeline
from rig.timeline.events import AccessPointChange, BenchTrouble, FaultInjected, FaultLifted, PowerChange
from rig.util.clock import BenchClock
from rig.util.errors import BenchError
from rig.wiring.pins import open_factory
from rig.wiring.virtual.stepping.clock import START_NS, SteppedClock

ROOT = Path(__file__).parents[2]


@pytest.fixture
def description() -> Description:
    return load(ROOT / "benches" / "virtual.toml")


@pytest.fixture
def bench(description: Description, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(description, root=tmp_path)
    yield made
    made.close()


_NEW_THREADS_END_S = 30.0
"""A limit in real seconds that only a call that hangs exceeds."""


class Leftovers:
    """Finds threads and descriptors of this process that are new since a moment, by name and by target.

    Threads and descriptors of earlier tests are not counted.
    """

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())
        self._descriptors = _descriptors()

    def found(self) -> list[str]:
        """Return the names of new ones, after a time for ending threads."""
        new = set(threading.enumerate()) - self._threads
        for thread in new:
            thread.join(_NEW_THREADS_END_S)
        descriptors = _descriptors()
        return [
            *(thread.name for thread in new if thread.is_alive()),
            *(target for number, target in descriptors.items() if self._descriptors.get(number) != target),
        ]


def _descriptors() -> dict[str, str]:
    gc.collect()  # collects descriptors of other tests in reference cycles
    found = {}
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the descriptor of this listing
            found[path.name] = str(path.readlink())
    return found


def test_a_bench_opens_and_closes_without_leftovers(bench: Bench, tmp_path: Path) -> None:
    bench.open()
    bench.close()
    before = Leftovers()
    for _ in range(3):
        bench.open()
        assert bench.is_open
        bench.close()
    assert before.found() == []
    assert list((tmp_path / ".plugbench" / "run").glob("*-*")) == []


def test_an_instrument_of_a_closed_bench_raises_bench_error(bench: Bench) -> None:
    with pytest.raises(BenchError, match="the bench 'virtual' is closed: it has no leds"):
        _ = bench.leds
    with pytest.raises(AttributeError, match="a bench has no 'kettle'"):
        _ = bench.kettle


def test_the_timeline_outlives_a_reopening(description: Description, tmp_path: Path) -> None:
    timeline = Timeline()
    bench = Bench(description, timeline, tmp_path)
    assert bench.timeline is timeline
    bench.open()
    timeline.interrupt(BenchError("a relay is stuck"))
    with pytest.raises(BenchError, match="relay"):
        bench.check()
    before = len(timeline)
    bench.reopen()
    bench.check()
    assert len(timeline) > before
    bench.close()


def test_an_occupied_port_is_one_clear_error_at_once(bench: Bench, description: Description, tmp_path: Path) -> None:
    bench.open()
    bench.close()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        csms = description.csms.model_copy(update={"port": port})
        other = Bench(description.model_copy(update={"csms": csms}), root=tmp_path)
        before = Leftovers()
        with pytest.raises(BenchError, match=rf"127\.0\.0\.1 port {port} is taken by .*pid {os.getpid()}"):
            other.open()
        assert other.clock.now() == START_NS, "opening waited before it failed"
        assert before.found() == []
        assert not other.is_open
        assert other.timeline.last(BenchTrouble) is not None


@pytest.mark.parametrize("port", ["/dev/ttyNONE", "socket://127.0.0.1:9", "rfc2217://127.0.0.1:9"])
def test_an_unreachable_serial_port_is_an_error_with_file_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    """All other resources of the wired bench exist; the error comes at once, and they are released."""
    wired = load(ROOT / "benches" / "pi.toml")
    described = wired.model_copy(
        update={
            "console": wired.console.model_copy(update={"port": port}),
            "csms": wired.csms.model_copy(update={"host": "127.0.0.1", "port": 0}),
            "network": wired.network.model_copy(update={"access_point": None}),
        }
    )
    monkeypatch.setattr("rig.wiring.open.open_factory", lambda _name: open_factory("virtual"))
    bench = Bench(described, root=tmp_path)
    before = Leftovers()
    began = time.monotonic()
    with pytest.raises(BenchError) as caught:
        bench.open()
    assert time.monotonic() - began < 30
    assert str(caught.value).startswith(f"{wired.path}: console.port: the serial port {port} cannot be opened: ")
    assert "Serial ports here: " in str(caught.value)
    assert before.found() == []


@pytest.fixture
def serial_port() -> Iterator[str]:
    """Return a serial port that no device is connected to."""
    far, near = pty.openpty()
    tty.setraw(near)
    yield os.ttyname(near)
    os.close(far)
    os.close(near)


def test_the_access_point_is_up_before_the_csms_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serial_port: str
) -> None:
    """This holds after a cold boot, and after a run that was killed while the access point was off.

    A port that is in use until the access point is up stands in for an address that does not exist until then.
    """
    wired = load(ROOT / "benches" / "pi.toml")
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]

        class Radio:
            def up(self) -> None:
                occupied.close()

            def down(self) -> None: ...

        described = wired.model_copy(
            update={
                "console": wired.console.model_copy(update={"port": serial_port}),
                "csms": wired.csms.model_copy(update={"host": "127.0.0.1", "port": port}),
            }
        )
        monkeypatch.setattr("rig.wiring.open.open_factory", lambda _name: open_factory("virtual"))
        monkeypatch.setattr("rig.wiring.open.open_access_point", lambda _section: Radio())
        with Bench(described, root=tmp_path) as bench:
            assert bench.network.csms_port == port
            assert [change.up for change in bench.timeline.events(AccessPointChange)] == [True]
            socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_an_access_point_that_cannot_be_switched_on_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rig.wiring.open.open_factory", lambda _name: open_factory("virtual"))
    monkeypatch.setenv("PATH", str(tmp_path))
    bench = Bench(load(ROOT / "benches" / "pi.toml"), root=tmp_path)
    before = Leftovers()
    with pytest.raises(BenchError, match="nmcli is not installed"):
        bench.open()
    assert before.found() == []


def test_any_exception_during_opening_becomes_a_bench_error(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(rig.bench.bench, "Telemetry", fail)
    before = Leftovers()
    with pytest.raises(BenchError, match="cannot be opened: ZeroDivisionError: a bug"):
        bench.open()
    assert before.found() == []


def test_a_wired_bench_is_held_by_one_process(description: Description, tmp_path: Path) -> None:
    console = description.console.model_copy(update={"port": "/dev/null"})
    wired = description.model_copy(update={"kind": "pi", "console": console})
    with lock_bench(wired), pytest.raises(BenchError, match=rf"in use by process {os.getpid()}"):
        Bench(wired, root=tmp_path).open()


def test_a_coroutine_runs_on_the_loop_of_the_bench(bench: Bench) -> None:
    bench.open()

    async def where() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert bench.run(where()) is bench.loop


def test_the_capabilities_of_a_virtual_bench(bench: Bench) -> None:
    bench.open()
    assert {"power", "inputs", "inputs.cable", "leds.status", "access_point", "stepped_time", "test_hooks"} <= (
        bench.capabilities
    )


@pytest.mark.parametrize(
    ("profile", "can"),
    [
        ("plugbench", {"ocpp", "settings", "commands"}),
        ("examples.blinker.adapter:Blinker", set()),
        ("rig.adapters.profile:DeviceProfile", set()),
    ],
)
def test_the_capabilities_of_a_firmware(description: Description, tmp_path: Path, profile: str, can: set[str]) -> None:
    device = description.device.model_copy(update={"profile": profile})
    with Bench(description.model_copy(update={"device": device}), root=tmp_path) as bench:
        assert bench.capabilities & {"ocpp", "settings", "commands"} == can


def test_time_stands_still_unless_a_thread_waits(bench: Bench) -> None:
    bench.open()
    assert isinstance(bench.clock, SteppedClock)
    before = bench.clock.now()
    bench.timeline.expect_none(FaultInjected, within=3600)
    assert bench.clock.now() - before == 3600_000_000_000


def test_time_continues_when_the_bench_is_reopened(bench: Bench) -> None:
    bench.open()
    bench.clock.deadline(50).wait_out()
    bench.reopen()
    assert bench.clock.now() >= 50_000_000_000
    bench.timeline.expect_none(FaultInjected, within=50)


def test_a_virtual_bench_can_run_in_real_time(description: Description, tmp_path: Path) -> None:
    with Bench(description.model_copy(update={"time": "real"}), root=tmp_path) as bench:
        assert type(bench.clock) is BenchClock
        assert "real_time" in bench.capabilities
        assert "stepped_time" not in bench.capabilities
        before = time.monotonic_ns()
        bench.timeline.expect_none(FaultInjected, within=0.01)
        assert time.monotonic_ns() - before >= 10_000_000
        bench.power.on()
        assert bench.console.expect("invalid header").text == "invalid header: 0xffffffff"


def test_a_fault_is_lifted_after_an_exception(bench: Bench) -> None:
    bench.open()
    bench.power.on()
    mark = bench.mark()

    def cut_and_fail() -> None:
        with bench.inject(PowerCut()):
            assert bench.power.rail is False
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cut_and_fail()
    assert bench.power.rail is True
    happened = [
        event
        for event in bench.timeline
        if event.id >= mark.after
        # The board's thread publishes changes of the rail: the last one may come after the fault is lifted.
        and (isinstance(event, (FaultInjected, FaultLifted)) or (isinstance(event, PowerChange) and not event.rail))
    ]
    kinds = [type(event).__name__ for event in happened]
    assert kinds == ["FaultInjected", *["PowerChange"] * 2, "FaultLifted"]


def test_an_empty_board_prints_its_error_on_the_console(bench: Bench) -> None:
    bench.open()
    bench.power.on()
    assert bench.console.expect("invalid header").text == "invalid header: 0xffffffff"
