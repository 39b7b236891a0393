"""Calls of the rig from async tests: `await in_thread(device.boot)`."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from rig.util.waits import SCOPES, WaitScope

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking call of the rig in a thread. Return its result, or raise its exception.

    If the task is cancelled, the call stops waiting, so that it consumes no event that another call expects.
    """
    scope = WaitScope()
    context = contextvars.copy_context()
    context.run(SCOPES.set, (*SCOPES.get(), scope))
    try:
        return await asyncio.get_running_loop().run_in_executor(None, partial(context.run, call, *args, **kwargs))
    finally:
        scope.end()
