"""Runs an event loop in a thread, and coroutines on it from other threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

from rig.util.clock import BenchClock, Deadline
from rig.util.errors import AuthorError, BenchError

T = TypeVar("T")


def submit(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], what: str) -> concurrent.futures.Future[T]:
    """Start `work` on the bench's loop, from any thread but the loop's own.

    Args:
        loop: the bench's event loop, running in another thread.
        work: the coroutine.
        what: the name of the work in messages.

    Raises:
        BenchError: the loop is closed.
        AuthorError: the loop runs in the calling thread.
    """
    try:
        inside = asyncio.get_running_loop() is loop
    except RuntimeError:
        inside = False
    if inside or loop.is_closed():
        work.close()
        if inside:
            raise AuthorError(
                f"{what}: a blocking call from the bench's own loop would never return. Call it from another thread"
            )
        raise BenchError(f"{what}: the bench is closed", "Open the bench first")
    return asyncio.run_coroutine_threadsafe(work, loop)


def run_on(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], what: str, timeout: float | Deadline = 10.0
) -> T:
    """Run `work` on the bench's loop and wait for its result, from any thread but the loop's own.

    Args:
        loop: the bench's event loop, running in another thread.
        work: the coroutine.
        what: the name of the work in messages.
        timeout: the timeout in real seconds, for work that takes no bench time; or a deadline, for work that does.

    Raises:
        BenchError: the loop is closed, or did not finish the work in time.
        AuthorError: the loop runs in the calling thread.
    """
    future = submit(loop, work, what)
    try:
        return timeout.result(future) if isinstance(timeout, Deadline) else future.result(timeout)
    except concurrent.futures.TimeoutError as error:
        if future.done():  # the work itself raised TimeoutError: its message is more specific
            raise
        future.cancel()
        seconds = timeout.timeout if isinstance(timeout, Deadline) else timeout
        raise BenchError(
            f"{what}: the bench's loop did not finish it within {seconds:g} s", "Check whether its thread is blocked"
        ) from error


@contextlib.contextmanager
def loop_in_a_thread(clock: BenchClock, name: str) -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop of a clock in a thread during a `with` block. The loop's tasks are cancelled at the end.

    Args:
        clock: the bench's clock.
        name: the name of loop and thread in messages.
    """
    loop = clock.event_loop(name)
    thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        with contextlib.suppress(BenchError):
            run_on(loop, _cancel_all(), f"cancelling the tasks of the {name}")
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
