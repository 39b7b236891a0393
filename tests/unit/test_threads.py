"""The end of threads that do not end by themselves."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading

from rig.util.threads import end


def test_a_thread_that_spins_ends() -> None:
    def spin() -> None:
        with contextlib.suppress(SystemExit):
            while True:
                pass

    thread = threading.Thread(target=spin, daemon=True)
    thread.start()
    end(thread)
    thread.join(20)
    assert not thread.is_alive()


def test_a_thread_that_waits_is_left_and_does_not_block_a_tracer() -> None:
    """Python 3.11 would repeat the call of a traced function as long as the exception of another thread is pending."""
    code = """
import sys, threading
from rig.util.threads import end

released = threading.Event()
thread = threading.Thread(target=released.wait, daemon=True)
thread.start()
end(thread)

def traced(): return 1

sys.settrace(lambda *_: None)
traced()
sys.settrace(None)
assert thread.is_alive()
released.set()
thread.join(20)
assert not thread.is_alive()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
