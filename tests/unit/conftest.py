"""Fixtures for the rig's own tests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import rig.bench.locks
from rig.timeline import Timeline
from rig.util import known_secrets
from rig.util.clock import BenchClock
from rig.wiring.virtual.stepping.clock import SteppedClock

_TIMEOUT_S = 600
"""Time limit in s: some fixtures build the firmware, which takes minutes on a busy computer."""

# Like the active profile, which differs in CI, but without limits that a busy machine would exceed.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Set the time limit of these tests."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_TIMEOUT_S))


if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell ignores SIGINT for programs in the background, and the programs that tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def running(clock: BenchClock, name: str = "bench") -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop of a clock in a thread of its own."""
    loop = clock.event_loop(name)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


STEPPED = pytest.mark.parametrize("clock", [SteppedClock], indirect=True, ids=["stepped"])
"""Parametrizes a test over the clocks where its subject takes bench time."""

BOTH_CLOCKS = pytest.mark.parametrize("clock", [SteppedClock, BenchClock], indirect=True, ids=["stepped", "real"])


@pytest.fixture(autouse=True)
def _no_secret_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin without the secrets that others have remembered: their values may be plain words."""
    monkeypatch.setattr(known_secrets, "_kept", [])
    for search in (known_secrets.PLAIN, known_secrets.ESCAPED):
        monkeypatch.setattr(search, "pattern", None)


@pytest.fixture(scope="session", autouse=True)
def _locks_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give each worker its own folder of bench locks, because tests run side by side."""
    folder = tmp_path_factory.mktemp("locks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rig.bench.locks, "folder", lambda: folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def _live_sockets_of_its_own() -> Iterator[None]:
    """Give each worker its own folder of live sockets, so that its commands attach to no other bench."""
    with tempfile.TemporaryDirectory(prefix="plugbench-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        yield


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> BenchClock:
    """Return the bench's clock: real time, unless the test asks for another."""
    made: BenchClock = getattr(request, "param", BenchClock)()
    return made


@pytest.fixture
def timeline(clock: BenchClock) -> Timeline:
    """Return the bench's timeline."""
    return Timeline(clock)


@pytest.fixture
def loop(clock: BenchClock) -> Iterator[asyncio.AbstractEventLoop]:
    """Run the bench's event loop in a thread of its own."""
    with running(clock) as found:
        yield found
