"""The calls of the file server on the live socket of a CSMS."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.cli.csms_serve import offer_of_csms
from rig.csms import Csms
from rig.files import Files
from rig.live import folder
from rig.live.client import Client, clients
from rig.live.server import LiveServer
from rig.util.errors import BenchError
from tests.unit.files.conftest import IMAGE
from tests.unit.files.conftest import Client as HttpClient


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the test its own folder of live sockets, with a short path."""
    with tempfile.TemporaryDirectory(prefix="live-", dir="/tmp") as path:
        monkeypatch.setattr(folder, "candidates", lambda: [Path(path) / "plugbench"])
        yield


def offered(csms: Csms, files: Files | None) -> Iterator[Client]:
    server = LiveServer(offer_of_csms(csms, files))
    (client,) = clients(pid=os.getpid())
    with client:
        yield client
    server.close()


@pytest.fixture
def live(home: None, csms: Csms, files: Files) -> Iterator[Client]:
    yield from offered(csms, files)


def test_a_file_is_put_listed_and_removed(live: Client, client: HttpClient, files: Files) -> None:
    put = live.call("files.put", {"name": "a/note.bin", "content": "AAE=", "encoding": "base64"})
    assert put == {"url": files.url("a/note.bin"), "tls_url": files.url("a/note.bin", tls=True)}
    assert client.get("/a/note.bin").body == b"\0\1"
    client.request("PUT", "/cp.log", b"log")
    listed = live.call("files.list")
    assert (listed["files"], listed["uploads"][0]["name"]) == (["a/note.bin", "fw.bin"], "cp.log")
    live.call("files.remove", {"name": "a/note.bin"})
    assert client.get("/a/note.bin").status == 404
    assert live.call("files.root") == {"root": files.root}


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        ("files.put", {"name": "../x", "content": ""}, "no name of a file"),
        ("files.put", {"name": "x", "content": "!", "encoding": "base64"}, "not Base64"),
        ("files.remove", {"name": "x"}, "there is no file 'x': fw.bin"),
    ],
)
def test_a_wrong_call_is_an_error(live: Client, call: str, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        live.call(call, arguments)


def test_a_fault_is_injected_and_ends_with_its_client(live: Client, client: HttpClient) -> None:
    live.call("fault.inject", {"name": "file-status", "arguments": {"status": 404, "path": "*.bin"}})
    assert client.get("/fw.bin").status == 404
    live.call("fault.lift")
    assert client.get("/fw.bin").body == IMAGE


def test_a_csms_without_a_file_server_lacks_its_faults(home: None, csms: Csms) -> None:
    for live in offered(csms, None):
        assert live.call("fault.list")["catalogue"]["file-cut"]["lacks"] == ["files"]
        with pytest.raises(BenchError, match="file-cut needs a file server"):
            live.call("fault.inject", {"name": "file-cut"})
