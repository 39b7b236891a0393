"""Our CSMS for third-party charge points."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from rig.csms import Csms
from rig.timeline import Timeline


@pytest.fixture
def csms() -> Iterator[Csms]:
    """Run our CSMS without a bench, on a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    csms = Csms(Timeline(), loop, identity="CP-PYTHON")
    csms.start()
    yield csms
    csms.shut_down()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
