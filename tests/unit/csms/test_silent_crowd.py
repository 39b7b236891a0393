"""A crowd of silent clients, in a process that may open few files."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.unit.csms.conftest import Peer

ROOT = Path(__file__).parents[3]
FILES = 256
CROWD = 500
CODE = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
from pathlib import Path
from rig.cli.csms_access import Access, FileAccess
from rig.cli.csms_serve import serve
serve(port=0, access=Access(tls=%s), files=FileAccess(Path(%r), 0))
"""
UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname = False
UNVERIFIED.verify_mode = ssl.CERT_NONE


class Served:
    """`rig csms serve` with a file server, in a process that may open few files.

    Attributes:
        process: the process.
        url: the beginning of the URLs of charge points.
        ports: the ports of the CSMS, of HTTP and of HTTPS.
    """

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output
        end = time.monotonic() + 60
        while (files := re.search(r"files at http://\S+:(\d+)/NAME and https://\S+:(\d+)/", self.output)) is None:
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)
        csms = re.search(r"wss?://127\.0\.0\.1:(\d+)/", self.output)
        assert csms
        self.url = csms[0]
        self.ports = (int(csms[1]), int(files[1]), int(files[2]))

    @property
    def output(self) -> str:
        return self._output.read_text()

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(60) == 0


@contextmanager
def served(folder: Path, *, tls: bool = False) -> Iterator[Served]:
    output = folder / "output.txt"
    with (
        output.open("wb") as file,  # nobody reads a pipe during the test, and a full one would block the process
        subprocess.Popen(
            [sys.executable, "-u", "-c", CODE % (tls, str(folder))],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        ) as process,
    ):
        try:
            yield Served(process, output)
        finally:
            process.kill()


def no_trouble(server: Served) -> None:
    """Check that the process has printed no traceback and no other trouble of its own."""
    lines = server.output.splitlines()
    assert not [line for line in lines if re.search("Traceback|Error|system resource|BENCH|trouble", line)]


def test_a_silent_crowd_does_not_disturb_a_charge_point(tmp_path: Path) -> None:
    """The charge point gets all answers, another one can still connect, and the CSMS prints no traceback."""
    with served(tmp_path) as server, ExitStack() as crowd:
        peer = Peer(f"{server.url}CP-GOOD")
        for number in range(CROWD):
            client = crowd.enter_context(socket.create_connection(("127.0.0.1", server.ports[0])))
            if number % 3 == 0:
                client.sendall(b"GET /CP-HALF HTTP/1.1\r\n")
            if number % 20 == 0:
                assert "currentTime" in peer.call("Heartbeat", {})
        other = Peer(f"{server.url}CP-LATE")
        assert other.boot()["status"] == "Accepted"
        assert peer.boot()["status"] == "Accepted"
        for one in (peer, other):
            one.socket.close()
        server.end()
    no_trouble(server)
    assert "connections are open" in server.output


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_a_crowd_that_comes_at_once_leaves_file_descriptors(tmp_path: Path, *, tls: bool) -> None:
    """The crowd connects to all servers while the process is held up, so it has to accept many clients in a row."""
    (tmp_path / "image.bin").write_bytes(b"an image")
    options = {"ssl": UNVERIFIED} if tls else {}
    with served(tmp_path, tls=tls) as server, ExitStack() as crowd:
        peer = Peer(f"{server.url}CP-GOOD", **options)
        server.process.send_signal(signal.SIGSTOP)
        for number in range(CROWD):
            client = crowd.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", server.ports[number % len(server.ports)]))
        server.process.send_signal(signal.SIGCONT)
        end = time.monotonic() + 3  # the kernel repeats the requests that its queue could not hold
        while time.monotonic() < end:
            assert "currentTime" in peer.call("Heartbeat", {})
            time.sleep(0.05)
        other = Peer(f"{server.url}CP-LATE", **options)
        assert other.boot()["status"] == "Accepted"
        with urlopen(f"http://127.0.0.1:{server.ports[1]}/image.bin", timeout=30) as answer:
            assert answer.read() == b"an image"
        for one in (peer, other):
            one.socket.close()
        server.end()
    no_trouble(server)
    assert "connections are open" in server.output
