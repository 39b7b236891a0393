"""The time limit ends a test that hangs; the session goes on, and the next test starts on a healthy bench."""

from __future__ import annotations

import re

import pytest

from .conftest import Start
from .test_bench_stays_healthy import NEXT


def test_a_device_test_that_hangs(start: Start) -> None:
    process = start(
        """
import threading, pytest

def test_first(device): pass

@pytest.mark.timeout(5)
def test_it(device, bench, network, csms):
    bench.network.down()
    threading.Event().wait(60)
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=90)
    assert "2 passed, 1 error" in output
    assert re.search(r"^E .*TimeLimit: the body of test_inner\.py::test_it did not end within 5 s[.,]", output, re.M)
    assert re.search(r"^E +bench time stands still: no call of the bench waits for it$", output, re.M)
    assert re.search(r"^E +last \d+ lines of the console, by bench seconds before this failure:$", output, re.M)
    assert "threading.Event().wait(60)" in output, "the traceback shows the wait"


def test_a_wait_that_bench_or_device_stall(start: Start) -> None:
    """The message names the part that is not idle, even before the limit of the clock passes."""
    process = start(
        """
import os, signal, threading, pytest

@pytest.mark.timeout(60)
def test_first(device): pass

@pytest.mark.timeout(3)
def test_loop(bench, timeline):
    bench.loop.call_soon_threadsafe(threading.Event().wait, 6)
    bench.clock.deadline(1).wait_out()

@pytest.mark.timeout(60)
def test_between(device): pass

@pytest.mark.timeout(3)
def test_device(device, bench):
    os.kill(bench.wiring.hooks._board.device_pid, signal.SIGSTOP)
    bench.clock.deadline(1).wait_out()
"""
        + NEXT.replace("def", "@pytest.mark.timeout(60)\ndef")
    )
    output, _ = process.communicate(timeout=180)
    assert "3 passed, 2 errors" in output
    assert re.search(r"^E +bench time stands still: the event loop of the bench works$", output, re.M)
    assert re.search(
        r"^E +bench time stands still: the device \(process \d+, stopped\) has not reported idle$", output, re.M
    )


SOON = """
import rig.util.loop
from rig.wiring.virtual.stepping import stall

rig.util.loop._ANSWER_S = stall.LIMIT_S = 1
"""


@pytest.mark.parametrize("forever", ["threading.Event().wait()", "while True: pass"], ids=["waits", "spins"])
def test_a_call_that_blocks_the_loop_of_the_bench_forever(start: Start, forever: str) -> None:
    """The message names the call. The next test gets a bench with another loop, and the session ends."""
    process = start(
        SOON
        + f"""
import threading, pytest

def test_first(device): pass

def answer(request):
    {forever}

def test_it(device, csms, driver):
    csms.answer("Authorize", answer)
    driver.plug_in()
    driver.present_tag()
    csms.expect("StartTransaction")
"""
        + NEXT
        + """
def test_last(device, bench):
    bench.loop.call_soon_threadsafe(answer, {})
"""
    )
    output, _ = process.communicate(timeout=120)
    assert "3 passed, 1 error" in output
    assert re.search(
        r"^error of the bench: bench time stands still: the event loop of the bench, which is in answer \(.*/"
        r"test_inner\.py:12\), has worked for 1 s of real time",
        output,
        re.M,
    )


def test_a_coroutine_that_never_rests(start: Start) -> None:
    process = start(
        SOON
        + """
import asyncio

def test_first(device): pass

async def circle():
    while True: await asyncio.sleep(0)

def test_it(device, bench):
    asyncio.run_coroutine_threadsafe(circle(), bench.loop)
    device.let_time_pass(1)
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=120)
    assert "2 passed, 1 error" in output
    assert re.search(r"stands still: the event loop of the bench.*has worked for 1 s of real time", output)


def test_a_body_that_catches_every_limit_ends_its_process(start: Start) -> None:
    process = start(
        """
import threading

def test_it():
    while True:
        try: threading.Event().wait(60)
        except: pass
""",
        "--timeout=1",
    )
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the body of test_inner.py::test_it catches its time limit each time: the process ends" in output
    assert re.search(r'^  File ".*/test_inner\.py", line \d in test_it$', output, re.M)


def test_a_thread_that_a_test_leaves_behind_does_not_hang_the_session(start: Start) -> None:
    process = start(
        """
import threading

def forever():
    threading.Event().wait()

def test_it(device): threading.Thread(target=forever).start()
"""
        + NEXT
    )
    output, _ = process.communicate(timeout=60)
    assert "2 passed" in output
    assert process.returncode == 0
    assert re.search(
        r"^test_inner\.py::test_it has left the thread 'Thread-\d+ \(forever\)', in forever \(.*/test_inner\.py:5\)$",
        output,
        re.M,
    )


PHASES = {
    "set-up": "@pytest.fixture\ndef hangs(): wait()\ndef test_it(hangs): pass",
    "body": "def test_it(): wait()",
    "async body": "async def test_it(): await asyncio.Event().wait()",
    "async body that blocks": "async def test_it(): wait()",
    "body that swallows": "def test_it():\n  try: wait()\n  except Exception: pass",
    "teardown": "@pytest.fixture\ndef hangs():\n  yield\n  wait()\ndef test_it(hangs): pass",
    "body and teardown": "@pytest.fixture\ndef hangs():\n  yield\n  wait()\ndef test_it(hangs): wait()",
}
ENDS = {
    "set-up": "1 passed, 1 error",
    "teardown": "2 passed, 1 error",
    "body and teardown": "1 failed, 1 passed, 1 error",
}


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_has_the_limit(start: Start, phase: str) -> None:
    process = start(
        "import asyncio, threading, pytest\ndef wait(): threading.Event().wait(60)\n"
        f"{PHASES[phase]}\ndef test_next(): pass",
        "--timeout=1",
    )
    output, _ = process.communicate(timeout=50)
    assert ENDS.get(phase, "1 failed, 1 passed") in output
    last = phase.split()[-1] if "body" not in phase else "body"
    assert re.search(rf"TimeLimit: the {last} of test_inner\.py::test_it did not end within 1 s[.,] ", output)
    assert phase != "async body" or re.search(r"^E +it awaits in test_it \(.*/test_inner\.py:3\)$", output, re.M)


def test_time_without_a_processor_does_not_count(start: Start) -> None:
    """The first two seconds are all waits for a processor; afterwards there are none."""
    process = start(
        """
import threading, time
import pytest
from fixtures import time_limit

@pytest.fixture(autouse=True)
def crowded(monkeypatch):
    begin = time.monotonic_ns()
    monkeypatch.setattr(time_limit.ProcessorWait, "of", lambda *_: min(time.monotonic_ns() - begin, 2_000_000_000))

def test_next(): threading.Event().wait(1.5)

def test_it(): threading.Event().wait(60)
""",
        "--timeout=1",
    )
    output, _ = process.communicate(timeout=50)
    assert "1 failed, 1 passed" in output
    assert "the body of test_inner.py::test_it did not end within 1 s, besides 2 s without a processor. Give" in output


ONCE = """
import threading, pytest
calls = []
def wait_once():
    calls.append(1)
    if len(calls) == 1: threading.Event().wait(60)
"""
SHARED = {
    "set-up": "@pytest.fixture\ndef shared(): wait_once()",
    "teardown": "@pytest.fixture\ndef shared():\n  yield\n  wait_once()",
}


@pytest.mark.parametrize("phase", SHARED)
def test_a_hanging_fixture_fails_only_one_test(start: Start, phase: str) -> None:
    """The same fixture serves the next test, and fixtures of a wider scope are torn down normally."""
    process = start(
        ONCE
        + SHARED[phase]
        + """
class TestOne:
    def test_it(self, shared): pass
class TestTwo:
    def test_next(self, shared): pass
    def test_last(self, shared): pass
""",
        "--timeout=1",
    )
    output, _ = process.communicate(timeout=50)
    assert f"{2 if phase == 'set-up' else 3} passed, 1 error" in output


def test_a_teardown_that_hangs_again_is_ended_again(start: Start) -> None:
    """Each fixture has a limit of its own: one blocked resource may block several, and the session still goes on."""
    process = start(
        """
import threading, pytest

@pytest.fixture
def one():
    yield
    threading.Event().wait(60)

@pytest.fixture
def other():
    yield
    threading.Event().wait(60)

def test_it(one, other): pass
def test_next(): pass
""",
        "--timeout=1",
    )
    output, _ = process.communicate(timeout=50)
    assert "2 passed, 1 error" in output


def test_a_hang_in_a_c_call_ends_its_worker(start: Start) -> None:
    """The test locks a mutex twice without releasing the GIL: neither signals nor other threads get through."""
    process = start(
        """
import ctypes, pytest

@pytest.mark.timeout(60)
def test_first(bench): pass  # opens the bench, so that the short limit does not apply to that

def test_it(bench):
    libc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)

@pytest.mark.timeout(60)
def test_next(bench): pass
""",
        "--timeout=2",
        "--numprocesses=1",
    )
    output, _ = process.communicate(timeout=180)
    assert "2 passed, 1 error" in output
    assert process.returncode == 6
    assert re.search(
        r"^error of the bench: the worker 'gw0' crashed while running 'test_inner\.py::test_it'", output, re.M
    )
    assert re.search(r"Timeout \(0:00:12\)!$", output, re.M)
    assert re.search(r'^  File ".*/test_inner\.py", line 10 in test_it$', output, re.M), "the line that hangs"


def test_a_debugger_suspends_the_time_limit(start: Start) -> None:
    """No time limit ends a test while a debugger is active."""
    process = start(
        """
import bdb, select

def test_it():
    debugger = bdb.Bdb()
    debugger.set_trace()
    assert not select.select([], [], [], 3)[0]
    debugger.set_continue()
""",
        "--timeout=1",
    )
    output, _ = process.communicate(timeout=50)
    assert "1 passed" in output
