"""Files that are served: whole, in parts, only if they changed, over HTTP and HTTPS."""

from __future__ import annotations

import ssl
import urllib.request
from base64 import b64encode
from urllib.parse import unquote, urlsplit

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


def test_https_has_a_certificate_of_the_servers_own_root(files: Files) -> None:
    assert "content-length" not in answer.headers  # it is not that of the file
    trusting = ssl.create_default_context(cadata=files.root)
    with urllib.request.urlopen(files.url("fw.bin", tls=True), context=trusting, timeout=LIMIT_S) as response:
        assert response.read() == IMAGE
    assert files.expect_request("fw.bin").tls


def test_a_login_is_required_and_stays_secret(client: Client, files: Files, timeline: Timeline) -> None:
    with files.login():
        refused = client.get("/fw.bin")
        assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Basic realm="files"')
        url = urlsplit(files.url("fw.bin"))
        login = f"{url.username}:{unquote(url.password or '')}"
        assert client.get("/fw.bin", Authorization=f"Basic {b64encode(login.encode()).decode()}").body == IMAGE
        assert client.get("/fw.bin", Authorization=f"Basic {b64encode(b'files:guess').decode()}").status == 401
        client.raw(f"GET {url.geturl()} HTTP/1.0\r\n\r\n".encode())  # a client that does not take the login out
    files.expect_request(where=lambda seen: seen.path.startswith("http"))
    assert url.password
    assert not any(url.password in str(event.record()) for event in timeline.events(FileTransfer))
    assert client.get("/fw.bin").status == 200
