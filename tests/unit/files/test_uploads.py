"""Uploads: by PUT, by POST, as a form, in chunks; into memory and into a folder; within limits."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.files import Files, uploads
from rig.files.form import MOST_PARTS
from rig.files.request import MOST_HEADER_BYTES
from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble, FileTransfer
from tests.unit.files.conftest import LIMIT_S, Client, rest_of


def _form(parameters: bytes) -> bytes:
    head = b"Content-Disposition: form-data; %s\r\nContent-Type: text/x; a=\xc3\xbc" % parameters
    return b"--x\r\n%s\r\n\r\n1\r\n--x--" % head


LOG = b"line one\r\n\r\nline two\r\n--not a boundary\r\n" * 50


@pytest.mark.parametrize(("method", "path", "name"), [("PUT", "/logs/cp.log", "logs/cp.log"), ("POST", "/", "upload")])
def test_an_upload_is_kept(client: Client, files: Files, method: str, path: str, name: str) -> None:
    assert client.request(method, path, LOG, {"Content-Type": "text/plain"}).status == 201
    upload = files.expect_upload(name)
    assert (upload.data, upload.content_type, upload.size) == (LOG, "text/plain", len(LOG))
    assert files.uploads == [upload]
    assert client.get(path).status == 404  # an upload is not served


def test_a_second_upload_of_a_name_replaces_nothing(client: Client, files: Files) -> None:
    client.request("PUT", "/cp.log", b"first")
    client.request("PUT", "/cp.log", b"second")
    assert [(upload.name, upload.data) for upload in files.uploads] == [("cp.log", b"first"), ("cp.log.2", b"second")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["--form", "log=@{file};filename=diag.tgz", "{url}/logs/"], "logs/diag.tgz"),
        (["--upload-file", "{file}", "--header", "Transfer-Encoding: chunked", "{url}/chunked.log"], "chunked.log"),
        (["--upload-file", "{file}", "--header", "Expect: 100-continue", "{url}/expect.log"], "expect.log"),
    ],
    ids=["form", "chunked", "expect"],
)
def test_curl_uploads(files: Files, tmp_path: Path, options: list[str], name: str) -> None:
    file = tmp_path / "log"
    file.write_bytes(LOG)
    command = [option.format(file=file, url=files.url()) for option in options]
    subprocess.run(["curl", "--silent", "--fail", *command], check=True, timeout=LIMIT_S, capture_output=True)
    assert files.expect_upload(name).data == LOG


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; filename=a\r\n\r\n1"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: x; filename="a/.."\r\n\r\n1\r\n--x--'),
        ("multipart/form-data; boundary*=idna''B", b"--B\r\n\r\n\r\n--B--"),
        ("multipart/form-data; boundary=x", _form(b"filename*=idna''abc")),
        ("multipart/form-data; boundary=x", _form(b"filename*=\0''abc")),
        ("multipart/form-data; boundary=x", _form(b"filename*=utf-7''%2b2AA-")),
        ("multipart/form-data; boundary=x", _form(b"filename*=a; filename*0=b")),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n" * MOST_PARTS + _form(b"filename=a")),
        ("multipart/form-data; boundary=x", _form(b"filename=a; x=" + b"x" * MOST_HEADER_BYTES)),
    ],
    ids=[
        "no boundary",
        "no file",
        "no end",
        "bad name",
        "boundary with a codec",
        "name with a codec",
        "codec with a NUL",
        "name with a surrogate",
        "name in two forms",
        "too many parts",
        "too large head",
    ],
)
def test_a_bad_form_is_refused(client: Client, files: Files, content_type: str, body: bytes) -> None:
    assert client.request("POST", "/logs/", body, {"Content-Type": content_type}).status == 400
    assert files.uploads == []


def test_a_name_in_a_form_is_utf_8(client: Client, files: Files) -> None:
    body = _form('filename="Prüfung.log"'.encode())
    assert client.request("POST", "/logs/", body, {"Content-Type": "multipart/form-data; boundary=x"}).status == 201
    upload = files.expect_upload("logs/Prüfung.log")
    assert (upload.data, upload.content_type) == (b"1", "text/x; a=ü")


def test_uploads_that_arrive_together_keep_to_their_number(
    client: Client, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_UPLOADS", 1)
    head = b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(client.address, LIMIT_S) as one, socket.create_connection(client.address) as other:
        for connection in (one, other):
            connection.sendall(head)
            assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        for connection, status in ((one, b"201"), (other, b"507")):
            connection.sendall(b"0\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 " + status)
    assert len(files.uploads) == 1


def test_an_upload_in_tiny_chunks_takes_little_memory() -> None:
    tracemalloc.start()
    try:
        with uploads.Uploads().arriving() as arrival:
            for number in range(20_000):
                arrival.add(number.to_bytes(2, "big"))
            assert tracemalloc.get_traced_memory()[1] < 4 * arrival.size
    finally:
        tracemalloc.stop()


def test_the_limits_of_uploads(client: Client, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    monkeypatch.setattr(uploads, "MOST_BYTES_TOGETHER", 1500)
    assert client.request("PUT", "/a", bytes(1001)).status == 413
    chunked = b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + bytes(1001)
    assert client.raw(chunked).startswith(b"HTTP/1.1 413 ")
    assert client.request("PUT", "/a", bytes(1000)).status == 201
    assert client.request("PUT", "/b", bytes(501)).status == 507
    monkeypatch.setattr(uploads, "MOST_UPLOADS", 1)
    assert client.request("PUT", "/b", b"").status == 507
    assert [upload.name for upload in files.uploads] == ["a"]


def test_an_upload_that_ends_early_is_not_kept(client: Client, files: Files, timeline: Timeline) -> None:
    client.raw(b"PUT /cp.log HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + bytes(60))
    seen = files.expect_request("cp.log")
    assert (seen.complete, seen.received, seen.error) == (False, 60, "the client left")
    assert files.uploads == []
    assert len(timeline.events(FileTransfer)) == 1


class TestFolder:
    """A folder that is served, and takes uploads."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "secret").write_bytes(b"outside")
        folder = tmp_path / "served"
        (folder / "v2").mkdir(parents=True)
        (folder / "v2" / "fw.bin").write_bytes(b"image")
        return folder

    @pytest.fixture
    def files(self, timeline: Timeline, loop: asyncio.AbstractEventLoop, folder: Path) -> Iterator[Files]:
        files = Files(timeline, loop, folder=folder)
        files.start()
        yield files
        files.shut_down()

    def test_its_files_are_served(self, client: Client, folder: Path) -> None:
        whole = client.get("/v2/fw.bin")
        assert whole.body == b"image"
        assert client.get("/v2/fw.bin", Range="bytes=2-").body == b"age"
        (folder / "v2" / "fw.bin").write_bytes(b"other")
        assert client.get("/v2/fw.bin").headers["etag"] != whole.headers["etag"]

    def test_nothing_outside_is_reachable(self, client: Client, folder: Path, tmp_path: Path) -> None:
        (folder / "link").symlink_to(tmp_path / "secret")
        (folder / "folder").symlink_to(tmp_path)
        subprocess.run(["mkfifo", folder / "fifo"], check=True)
        for path in ("/link", "/folder/secret", "/fifo", "/v2", "/", "/v2/", "/../secret", "/v2/..%2f..%2fsecret"):
            assert client.get(path).status in (400, 404), path

    def test_uploads_stay_in_their_own_folder(self, client: Client, files: Files, folder: Path) -> None:
        for body in (b"first", b"second"):
            assert client.request("PUT", "/v2/fw.bin", body).status == 201
        assert (folder / "v2" / "fw.bin").read_bytes() == b"image"
        assert (folder / "uploads" / "fw.bin.2").read_bytes() == files.uploads[1].data == b"second"
        assert files.expect_upload("v2/*.2").path == folder / "uploads" / "fw.bin.2"
        assert client.get("/uploads/fw.bin").status == 404

    def test_an_upload_without_a_free_name_is_refused(
        self, client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "MOST_UPLOADS", 1)
        (folder / "uploads").mkdir()
        for name in ("new", "new.2"):
            (folder / "uploads" / name).touch()
        assert client.request("PUT", "/new", b"x").status == 507

    def test_a_file_that_becomes_shorter_ends_its_download(
        self, client: Client, files: Files, timeline: Timeline, folder: Path
    ) -> None:
        image = folder / "large.bin"
        image.touch()
        os.truncate(image, 256 << 20)  # more than the buffers of both sockets take
        with socket.create_connection(client.address, LIMIT_S) as connection:
            connection.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(1)
            os.truncate(image, 0)
            with pytest.raises(ConnectionResetError):
                rest_of(connection)
        seen = files.expect_request("large.bin")
        assert (seen.complete, seen.error) == (False, "the file became shorter")
        assert timeline.events(BenchTrouble) == []

    def test_uploads_follow_no_link(self, client: Client, folder: Path, tmp_path: Path) -> None:
        (folder / "uploads").symlink_to(tmp_path)
        assert client.request("PUT", "/new", b"x").status == 507
        assert not (tmp_path / "new").exists()
