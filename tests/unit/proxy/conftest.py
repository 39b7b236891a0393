"""The network in stepped time, and a decorator for tests that run on the bench's loop."""

from __future__ import annotations

import asyncio
import functools
import inspect
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from rig.util.clock import BenchClock
from rig.wiring.virtual.stepping.clock import SteppedClock
from rig.wiring.virtual.stepping.in_flight import unacknowledged

_HANG_S = 30.0


@pytest.fixture
def clock() -> BenchClock:
    return SteppedClock()


def on_the_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on the fixture `loop`, and wait for its end in a call of the bench."""
    own = inspect.signature(test)
    fixtures = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("clock", "loop")]

    @functools.wraps(test)
    def run(*, clock: BenchClock, loop: asyncio.AbstractEventLoop, **given: Any) -> None:
        clock.deadline(3600).result(asyncio.run_coroutine_threadsafe(test(**given), loop))

    keywords = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own.parameters.values()]
    run.__signature__ = own.replace(parameters=[*keywords, *fixtures], return_annotation=None)  # type: ignore[attr-defined]
    return run


def send(end: socket.socket, data: bytes) -> None:
    """Send from outside of stepped time. Return when the peer's kernel has all bytes; the clock cannot know that."""
    end.sendall(data)
    limit = time.monotonic() + _HANG_S
    while unacknowledged(end.fileno()):
        assert time.monotonic() < limit
