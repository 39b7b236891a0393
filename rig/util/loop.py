"""Runs an event loop in a thread, and coroutines on it from other threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from rig.util.clock import BenchClock, Deadline
from rig.util.errors import AuthorError, BenchError
from rig.util.threads import end, place_of

T = TypeVar("T")

_ANSWER_S = 10.0
"""Real seconds after which a loop that does not answer is blocked: a busy computer delays it by less."""

_threads: WeakKeyDictionary[asyncio.AbstractEventLoop, threading.Thread] = WeakKeyDictionary()
_given_up: set[asyncio.AbstractEventLoop] = set()
"""The loops that a call has blocked. They take no work any more, and stay open: closing one would end its tasks."""


def submit(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], what: str) -> concurrent.futures.Future[T]:
    """Start `work` on the bench's loop, from any thread but the loop's own.

    Args:
        loop: the bench's event loop, running in another thread.
        work: the coroutine.
        what: the name of the work in messages.

    Raises:
        BenchError: the loop is closed or blocked.
        AuthorError: the loop runs in the calling thread.
    """
    try:
        inside = asyncio.get_running_loop() is loop
    except RuntimeError:
        inside = False
    if inside or loop.is_closed() or loop in _given_up:
        work.close()
        if inside:
            raise AuthorError(
                f"{what}: a blocking call from the bench's own loop would never return. Call it from another thread"
            )
        if not loop.is_closed():
            raise BenchError(f"{what}: {_blocked(loop)}", "Reopen the bench")
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
        raise BenchError(f"{what}: the bench's loop did not finish it within {seconds:g} s", _remedy(loop)) from error


def _remedy(loop: asyncio.AbstractEventLoop) -> str:
    if place := _place(loop):
        return f"It is in {place}: a call there must not block"
    return "Check whether its thread is blocked"


def _blocked(loop: asyncio.AbstractEventLoop) -> str:
    place = _place(loop)
    return f"the bench's loop is blocked in {place}" if place else "the bench's loop is blocked"


def _place(loop: asyncio.AbstractEventLoop) -> str:
    thread = _threads.get(loop)
    return place_of(thread) if thread is not None else ""


def give_up_if_blocked(loop: asyncio.AbstractEventLoop, clock: BenchClock) -> None:
    """Reject all work for a loop that a call blocks or that is never idle, so that nothing waits for it.

    Args:
        loop: the bench's event loop, running in another thread.
        clock: the bench's clock.
    """
    try:
        run_on(loop, _answer(), "waiting for the bench's loop", _ANSWER_S)
        is_blocked = clock.never_rests(loop, _ANSWER_S)
    except BenchError:
        is_blocked = True
    if is_blocked:
        _give_up(loop, clock)


def _give_up(loop: asyncio.AbstractEventLoop, clock: BenchClock) -> None:
    _given_up.add(loop)
    clock.leave(loop)


async def _answer() -> None:
    """Do nothing: a loop that runs this is not blocked."""


@contextlib.contextmanager
def loop_in_a_thread(clock: BenchClock, name: str) -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop of a clock in a thread during a `with` block. The loop's tasks are cancelled at the end.

    A thread that a call blocks for ever is left behind, because nothing can end it.

    Args:
        clock: the bench's clock.
        name: the name of loop and thread in messages.
    """
    loop = clock.event_loop(name)
    thread = _threads[loop] = threading.Thread(target=_run, args=(loop,), name=name, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        with contextlib.suppress(BenchError):
            run_on(loop, _cancel_all(), f"cancelling the tasks of the {name}")
        loop.call_soon_threadsafe(loop.stop)
        thread.join(0 if loop in _given_up else _ANSWER_S)
        if thread.is_alive():
            _give_up(loop, clock)
            end(thread)  # a thread that spins would slow down everything that follows
        else:
            loop.close()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(SystemExit):  # of `end`
        loop.run_forever()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
