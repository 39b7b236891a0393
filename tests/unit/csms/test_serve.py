"""`rig csms serve` in its own process."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from rig.cli.csms_access import Access, accepted_protocols
from rig.cli.csms_serve import serve
from rig.csms import Authority
from rig.timeline.codec import decode
from rig.timeline.events import LinkChange, OcppFrame
from rig.util.errors import BenchError
from tests.unit.csms.conftest import Peer, handshake

ROOT = Path(__file__).parents[3]


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "traffic.jsonl"


@contextlib.contextmanager
def started(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run Python in the project's folder until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-u", *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        yield process
        process.kill()


@pytest.fixture
def process(record: Path) -> Iterator[subprocess.Popen[str]]:
    code = (
        "import sys; from pathlib import Path; from rig.cli.csms_serve import serve\n"
        "sys.exit(serve(port=0, record=Path(sys.argv[1])))"
    )
    with started("-c", code, str(record)) as process:
        yield process


def test_a_line_is_printed_for_each_frame_until_ctrl_c(process: subprocess.Popen[str], record: Path) -> None:
    assert process.stdout is not None
    greeting = process.stdout.readline()
    found = re.search(r"ws://127\.0\.0\.1:\d+/", greeting)
    assert found, greeting
    peer = Peer(found[0] + "CP-7")
    peer.boot()
    peer.start_call("Authorize", {})
    peer.receive()
    peer.socket.close()
    lines = [process.stdout.readline() for _ in range(6)]
    assert "CP-7 ── connected" in lines[0]
    assert 'CP-7 → [m1] BootNotification {"chargePointModel":"M"' in lines[1]
    assert 'CP-7 ← [m1] BootNotification result {"status":"Accepted"' in lines[2]
    assert '!! "idTag" is a required property' in lines[3]
    assert "OccurenceConstraintViolation" in lines[4]
    assert "── disconnected (1000)" in lines[5]
    assert "\x1b" not in "".join(lines)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "ended\n", "")
    events = [decode(line) for line in record.read_bytes().splitlines()]
    assert [type(event) for event in events] == [LinkChange, *[OcppFrame] * 4, LinkChange]


def test_a_tolerant_csms_of_one_version_notes_deviations() -> None:
    code = "from rig.cli.start import main; main()"
    options = ("--port", "0", "--protocol", "ocpp2.0.1", "--tolerant")
    with started("-c", code, "csms", "serve", *options) as process:
        assert process.stdout is not None
        found = re.search(r"ws://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found
        peer = Peer(found[0] + "CP-7", subprotocols=["ocpp1.6", "ocpp2.0.1"])
        peer.call("Heartbeat", {"uptime": 1})
        peer.socket.close()
        connected, heard = process.stdout.readline(), process.stdout.readline()
    assert "── connected (ocpp2.0.1)" in connected
    assert "! tolerated: extra-property: " in heard


def test_an_unknown_protocol_is_an_error() -> None:
    with pytest.raises(
        BenchError, match=r"'ocpp2' is not a sub-protocol. Choose one of ocpp1\.6, ocpp2\.0\.1, ocpp2\.1"
    ):
        accepted_protocols(["ocpp2"])


def test_no_secret_is_on_the_terminal_or_in_the_record(process: subprocess.Popen[str], record: Path) -> None:
    assert process.stdout is not None
    found = re.search(r"ws://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found
    peer = Peer(found[0] + "CP-7")
    peer.start_call("DataTransfer", {"vendorId": "V", "data": '{"AuthorizationKey":"0123456789abcdef"}'})
    peer.receive()
    peer.start_call("BootNotification", {"key": "AuthorizationKey", "value": "0123456789abcdef"})
    peer.receive()
    peer.send('[2,"cut","BootNotification",{"password":"0123456789abcdef"')
    peer.start_call("DataTransfer", {"vendorId": "V", "data": "moved to ws://cp:0123456789abcdef@host/"})
    peer.receive()
    peer.socket.close()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (out.count("********"), err) == (4, "")
    written = record.read_text()
    assert written.count("AuthorizationKey") == 4  # as payload, and as text
    assert "0123456789abcdef" not in out + written


def test_an_output_that_is_not_utf_8_closes_no_connection() -> None:
    code = "from rig.cli.csms_serve import serve; serve(port=0)"
    with started("-c", code, env=os.environ | {"PYTHONIOENCODING": "ascii"}) as process:
        assert process.stdout is not None
        found = re.search(r"ws://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found
        peer = Peer(found[0] + "Pr%C3%BCfstand")
        for _ in range(3):
            peer.boot()
        peer.socket.close(1000, "→")
        lines = [process.stdout.readline() for _ in range(8)]
    assert r"Pr\xfcfstand \u2500\u2500 connected" in lines[0]
    assert r"\u2192 [m1] BootNotification" in lines[1]
    assert r"disconnected (1000 \u2192)" in lines[7]


def test_control_characters_of_a_charge_point_are_escaped(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    found = re.search(r"ws://127\.0\.0\.1:\d+/", process.stdout.readline())
    assert found
    evil = "\x1b[2J\x9b\r\n\u202e"
    peer = Peer(found[0] + quote(evil))
    peer.send(evil)
    peer.start_call(evil, {evil: evil}, evil)
    peer.receive()
    peer.start_call("DataTransfer", {"vendorId": evil, "data": evil})
    peer.receive()
    peer.socket.close(1000, evil)
    with socket.create_connection(("127.0.0.1", int(found[0].split(":")[2][:-1]))) as client:
        client.sendall(handshake("/CP-1/"))
        client.recv(4096)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    lines = out.removesuffix("\n").split("\n")
    assert len(lines) == 9  # connected, a text, two calls and their answers, disconnected, the refused client, ended
    assert all(line.isprintable() for line in lines)
    assert "refused the client 127.0.0.1:" in lines[7]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_silent_client_does_not_delay_the_end(process: subprocess.Popen[str], number: signal.Signals) -> None:
    assert process.stdout is not None
    found = re.search(r"ws://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    assert found
    with socket.create_connection(("127.0.0.1", int(found[1]))):
        Peer(found[0] + "CP-7").socket.close()  # the server accepts in order, so the idle client is accepted too
        process.send_signal(number)
        assert process.wait(10) == 0


def test_a_taken_port_is_reported_and_leaves_no_record(record: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BenchError, match=rf"CSMS: 127\.0\.0\.1 port {port} is taken by .* \(pid \d+\)\. End "):
            serve(port=port, record=record)
    assert not record.exists()


def test_a_record_is_not_overwritten(record: Path) -> None:
    record.write_text("precious")
    with pytest.raises(BenchError, match=r"cannot record to .*: the file already exists\. Name a new file"):
        serve(port=0, record=record)
    assert record.read_text() == "precious"


def test_a_record_that_cannot_be_created_is_reported(record: Path) -> None:
    with pytest.raises(BenchError, match=r"cannot record to .*: No such file or directory\. Name a file in a folder "):
        serve(port=0, record=record.parent / "none" / "record")


FILE_SIZE = 1000
CODE = (
    # The limit would also truncate compiled files, and each later start would fail (marshal data too short).
    "import resource, sys; sys.dont_write_bytecode = True; from pathlib import Path\n"
    "from rig.cli.csms_serve import serve\n"
    f"resource.setrlimit(resource.RLIMIT_FSIZE, ({FILE_SIZE}, {FILE_SIZE}))\n"
    "from rig.cli.start import main\n"
    "sys.argv = ['rig', 'csms', 'serve', '--port', '0', *sys.argv[1:]]\n"
    "main()"
)


@pytest.fixture
def small(record: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that can write only small files. As on a full disk, a write fails half-way."""
    uncounted = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    # The file that coverage writes at the end is too large as well.
    with started("-c", CODE, "--record", str(record), env=uncounted) as process:
        yield process


def test_a_full_record_ends_the_server_with_one_message(small: subprocess.Popen[str], record: Path) -> None:
    assert small.stdout is not None
    found = re.search(r"ws://127\.0\.0\.1:\d+/", small.stdout.readline())
    assert found
    peer = Peer(found[0] + "CP-7")
    peer.boot()
    peer.start_call("Heartbeat", {})
    out, err = small.communicate(timeout=20)
    assert (small.returncode, out.endswith("ended\n")) == (2, False)
    assert err == f"rig: cannot record to {record}: File too large. Free some space, or record to another disk\n"
    assert record.stat().st_size == FILE_SIZE


@pytest.mark.parametrize("recorded", [False, True])
def test_a_closed_output_ends_the_server_quietly(record: Path, recorded: bool) -> None:
    """As in `rig csms serve | head -1`, the charge point gets its answer and a close that it did not cause."""
    options = ["--record", str(record)] if recorded else []
    with subprocess.Popen(
        [Path(sys.executable).parent / "rig", "csms", "serve", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        found = re.search(r"ws://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found
        process.stdout.close()
        peer = Peer(found[0] + "CP-7")
        with pytest.raises(ConnectionClosed) as closed:
            peer.socket.recv(timeout=20)
        assert closed.value.rcvd is None or closed.value.rcvd.code != 1011
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    assert record.exists() == recorded


def test_tls_with_passwords_works_and_shows_no_password(tmp_path: Path) -> None:
    authority = Authority()
    certificate = authority.server()
    names = ("cert.pem", "key.pem", "passwords")
    cert, key, passwords = (tmp_path / name for name in names)
    cert.write_text(certificate.chain)
    key.write_text(certificate.key)
    passwords.write_text("CP-7:0123456789abcdef\n")
    options = ("--cert", str(cert), "--key", str(key), "--basic-auth-file", str(passwords))
    with started("-c", "from rig.cli.start import main; main()", "csms", "serve", "--port", "0", *options) as process:
        assert process.stdout is not None
        found = re.search(r"wss://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found
        trusting = ssl.create_default_context(cadata=authority.root)
        login = {"Authorization": "Basic " + base64.b64encode(b"CP-7:0123456789abcdef").decode()}
        peer = Peer(found[0] + "CP-7", ssl=trusting, additional_headers=login)
        peer.boot()
        peer.call("Authorize", {"idTag": "0123456789abcdef"})
        peer.call("Heartbeat", {}, "password: x9y8z7w6")
        peer.start_call("Authorize", {"idTag": "T"}, "password: x9y8z7w6")  # the violation names the unique id
        peer.receive()
        with pytest.raises(InvalidStatus):
            Peer(found[0] + "CP-7", ssl=trusting, additional_headers={"Authorization": "Basic Q1AtNzp3cm9uZw=="})
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert err == ""
    assert re.search(r"refused the client CP-7 at \S+ \(HTTP 401\): its password of 5 bytes is not that of", out)
    assert "0123456789abcdef" not in out
    assert "x9y8z7w6" not in out


def test_files_are_served_and_uploads_are_kept(tmp_path: Path) -> None:
    folder, logins = tmp_path / "images", tmp_path / "logins"
    folder.mkdir()
    (folder / "fw.bin").write_bytes(b"image")
    logins.write_text("cp:0123456789abcdef\n")
    options = ("--files", str(folder), "--files-port", "0", "--files-login", str(logins))
    with started("-c", "from rig.cli.start import main; main()", "csms", "serve", "--port", "0", *options) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = re.fullmatch(
            r"files at http://cp:\*+@(\S+/)NAME and https://cp:\*+@127\.0\.0\.1:\d+/NAME\n", process.stdout.readline()
        )
        assert found
        base = f"http://{found[1]}"
        login = {"Authorization": "Basic " + base64.b64encode(b"cp:0123456789abcdef").decode()}
        for method, name, body in (("GET", "fw.bin", None), ("PUT", "cp.log", b"log")):
            request = Request(base + name, body, login, method=method)
            with urlopen(request, timeout=20) as answer:
                assert answer.status == (201 if body else 200)
        with pytest.raises(HTTPError, match="401"):
            urlopen(base + "fw.bin", timeout=20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert err == ""
    assert (folder / "uploads" / "cp.log").read_bytes() == b"log"
    assert "GET /fw.bin: 200, 5 bytes sent" in out
    assert "PUT /cp.log: 201, 3 bytes received" in out
    assert "0123456789abcdef" not in out


def test_a_missing_certificate_is_made_and_its_root_is_printed() -> None:
    with started("-c", "from rig.cli.start import main; main()", "csms", "serve", "--port", "0", "--tls") as process:
        assert process.stdout is not None
        greeting = "".join(iter(process.stdout.readline, "\n"))
        root = re.search(r"-----BEGIN.*END CERTIFICATE-----", greeting, re.DOTALL)
        found = re.search(r"wss://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert root
        assert found
        Peer(found[0] + "CP-7", ssl=ssl.create_default_context(cadata=root[0])).boot()


@pytest.mark.parametrize(
    ("access", "message"),
    [
        (Access(cert=Path("c.pem")), "--cert and --key belong together"),
        (Access(basic_auth_file=Path("p"), client_root=Path("r")), "exclude each other"),
        (Access(cert=Path("/nowhere/c.pem"), key=Path("/nowhere/k.pem")), "cannot read /nowhere/c.pem"),
    ],
)
def test_contradictory_options_are_rejected_before_the_start(access: Access, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        serve(port=0, access=access)
