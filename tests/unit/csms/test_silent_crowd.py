"""A crowd of silent clients, in a process that may open few files."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.unit.csms.conftest import Peer

ROOT = Path(__file__).parents[3]
FILES = 256
CROWD = 500
CODE = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
from rig.cli.csms_serve import serve
serve(port=0)
"""


def test_a_silent_crowd_does_not_disturb_a_charge_point() -> None:
    """The charge point gets all answers, another one can still connect, and the CSMS prints no traceback."""
    with (
        subprocess.Popen(
            [sys.executable, "-u", "-c", CODE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        ) as process,
        ExitStack() as crowd,
    ):
        assert process.stdout is not None
        found = re.search(r"ws://127\.0\.0\.1:(\d+)/", process.stdout.readline())
        assert found
        peer = Peer(f"{found[0]}CP-GOOD")
        for number in range(CROWD):
            client = crowd.enter_context(socket.create_connection(("127.0.0.1", int(found[1]))))
            if number % 3 == 0:
                client.sendall(b"GET /CP-HALF HTTP/1.1\r\n")
            if number % 20 == 0:
                assert "currentTime" in peer.call("Heartbeat", {})
        other = Peer(f"{found[0]}CP-LATE")
        assert other.boot()["status"] == "Accepted"
        assert peer.boot()["status"] == "Accepted"
        for one in (peer, other):
            one.socket.close()
        process.terminate()
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert "connections are open" in output
