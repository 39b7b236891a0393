"""The rig from async tests: `await in_thread(device.boot)`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Await a blocking call of the rig, while the test's own loop goes on. Returns and raises what the call does."""
    return await asyncio.to_thread(call, *args, **kwargs)
