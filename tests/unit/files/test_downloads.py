"""Files that are served: whole, in parts, only if they changed, over HTTP and HTTPS."""

from __future__ import annotations

import asyncio
import ssl
import urllib.request
from base64 import b64encode
from urllib.parse import unquote, urlsplit

import pytest

from rig.files import Files
from rig.timeline import Timeline
from rig.timeline.events import FileTransfer
from tests.unit.files.conftest import IMAGE, LIMIT_S, Client


def test_a_file_is_served_and_recorded(client: Client, files: Files) -> None:
    answer = client.get("/fw.bin")
    assert (answer.status, answer.body) == (200, IMAGE)
    seen = files.expect_request("fw.bin", method="GET")
    assert (seen.status, seen.sent, seen.name, seen.complete) == (200, len(IMAGE), "fw.bin", True)


def test_head_has_the_length_and_no_body(client: Client) -> None:
    answer = client.request("HEAD", "/fw.bin")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, str(len(IMAGE)), b"")


def test_a_client_resumes_after_a_cut(client: Client, files: Files) -> None:
    whole = client.get("/fw.bin")
    rest = client.get("/fw.bin", Range="bytes=1000-", If_Range=whole.headers["etag"])
    assert (rest.status, rest.body) == (206, IMAGE[1000:])
    assert rest.headers["content-range"] == f"bytes 1000-{len(IMAGE) - 1}/{len(IMAGE)}"
    assert files.expect_request(where=lambda seen: seen.status == 206).part == rest.headers["content-range"]


def test_a_client_gets_a_changed_file_from_its_beginning(client: Client, files: Files) -> None:
    before = client.get("/fw.bin").headers["etag"]
    files.put("fw.bin", b"another version")
    assert client.get("/fw.bin", Range="bytes=10-", If_Range=before).body == b"another version"
    assert client.get("/fw.bin", If_Match=before).status == 412


def test_parts_of_a_file(client: Client) -> None:
    assert client.get("/fw.bin", Range="bytes=0-0").body == IMAGE[:1]
    assert client.get("/fw.bin", Range="bytes=-10").body == IMAGE[-10:]
    beyond = client.get("/fw.bin", Range=f"bytes={len(IMAGE)}-")
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(IMAGE)}")
    for ignored in ("bytes=5-1", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=a-b"):
        assert client.get("/fw.bin", Range=ignored).status == 200, ignored


def test_a_file_that_the_client_has_is_not_sent_again(client: Client) -> None:
    etag = client.get("/fw.bin").headers["etag"]
    answer = client.get("/fw.bin", If_None_Match=f'"other", {etag}')
    assert (answer.status, answer.body) == (304, b"")
    assert "content-length" not in answer.headers  # it would not be the length of the file


def test_https_has_a_certificate_of_the_servers_own_root(files: Files) -> None:
    trusting = ssl.create_default_context(cadata=files.root)
    with urllib.request.urlopen(files.url("fw.bin", tls=True), context=trusting, timeout=LIMIT_S) as response:
        assert response.read() == IMAGE
    assert files.expect_request("fw.bin").tls


@pytest.mark.parametrize("target", ["/my%20file.bin?token=1", "http://other.host/my%20file.bin"])
def test_a_request_is_found_by_the_name_of_its_file(client: Client, files: Files, target: str) -> None:
    files.put("my file.bin", b"image")
    assert client.raw(f"GET {target} HTTP/1.0\r\n\r\n".encode()).endswith(b"image")
    assert files.expect_request("my file.bin").wanted == "my file.bin"


@pytest.mark.parametrize(
    ("authorization", "error"),
    [(b"dXNlcjpodW50ZXIy", "has no known scheme, not Basic"), (b"Basic \xfc", "is not Base64")],
)
def test_a_malformed_login_is_not_quoted(client: Client, files: Files, authorization: bytes, error: str) -> None:
    with files.login():
        client.raw(b"GET /fw.bin HTTP/1.0\r\nAuthorization: %s\r\n\r\n" % authorization)
    assert files.expect_request().error == f"its header Authorization {error}"


def test_each_generated_login_is_the_same(files: Files) -> None:
    with files.login():
        first = files.url()
    with files.login():
        assert files.url() == first  # output masks only a limited number of secrets


def test_urls_contain_a_given_login(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> None:
    files = Files(timeline, loop, logins={"cp": b"a/\xfc"})
    try:
        assert urlsplit(files.url("fw.bin")).netloc.startswith("cp:a%2F%FC@")
        files.reset()
        assert urlsplit(files.url(tls=True)).netloc.startswith("cp:a%2F%FC@")
    finally:
        files.shut_down()


def test_a_login_is_required_and_stays_secret(client: Client, files: Files, timeline: Timeline) -> None:
    with files.login():
        refused = client.get("/fw.bin")
        assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Basic realm="files"')
        url = urlsplit(files.url("fw.bin"))
        login = f"{url.username}:{unquote(url.password or '')}"
        assert client.get("/fw.bin", Authorization=f"Basic {b64encode(login.encode()).decode()}").body == IMAGE
        assert client.get("/fw.bin", Authorization=f"Basic {b64encode(b'files:guess').decode()}").status == 401
        client.raw(f"GET {url.geturl()} HTTP/1.0\r\n\r\n".encode())  # a client that leaves the login in the URL
    files.expect_request(where=lambda seen: seen.path.startswith("http"))
    assert url.password
    assert not any(url.password in str(event.record()) for event in timeline.events(FileTransfer))
    assert client.get("/fw.bin").status == 200
