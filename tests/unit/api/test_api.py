"""The HTTP API over the live socket of a CSMS, by the standard library's client."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra api: make setup-api")
pytest.importorskip("uvicorn", reason="needs the extra api: make setup-api")

from rig.api.gate import LARGEST_BODY
from rig.api.server import serve
from rig.cli.csms_serve import offer_of_csms
from rig.csms import Csms
from rig.live import folder
from rig.live.client import clients
from rig.live.server import LiveServer
from rig.timeline import Timeline
from rig.util.errors import BenchError
from tests.unit.csms.conftest import LIMIT_S, Peer

TOKEN = "a-token-of-this-test"


class Api:
    """A client of the API.

    Attributes:
        ended: why the API has ended.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.ended: BenchError | None = None

    def request(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, token: str = TOKEN
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, body, headers, encode_chunked=not isinstance(body, bytes | None))
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, json.loads(content) if content else None

    def call(self, name: str, /, **arguments: Any) -> tuple[int, Any]:
        return self.request("POST", f"/v1/calls/{name}", json.dumps(arguments).encode())


@pytest.fixture
def csms(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Csms]:
    csms = Csms(timeline, loop)
    csms.start()
    yield csms
    csms.shut_down()


@pytest.fixture
def live(csms: Csms, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveServer]:
    with tempfile.TemporaryDirectory(prefix="live-", dir="/tmp") as home:
        monkeypatch.setattr(folder, "candidates", lambda: [Path(home) / "plugbench"])
        server = LiveServer(offer_of_csms(csms))
        yield server
        server.close()


@pytest.fixture
def api(live: LiveServer) -> Iterator[Api]:
    listener = socket.create_server(("127.0.0.1", 0))
    api = Api(listener.getsockname()[1])
    ready = threading.Event()

    def run() -> None:
        (client,) = clients(pid=os.getpid())
        with client, listener:
            try:
                serve(client, listener, TOKEN, ready.set)
            except BenchError as error:
                api.ended = error

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(LIMIT_S)
    yield api
    live.close()
    thread.join(LIMIT_S)
    assert "the bench was closed" in str(api.ended)


@pytest.fixture
def peer(csms: Csms) -> Iterator[Peer]:
    peer = Peer(csms.url("CP-1"))
    csms.expect_connected(charge_point="CP-1")
    yield peer
    peer.socket.close()


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], f"{TOKEN} x"])
def test_a_request_without_the_token_is_rejected(api: Api, token: str) -> None:
    """Everything needs the token, the description too."""
    for path in ("/v1/state", "/openapi.json", "/nothing"):
        status, body = api.request("GET", path, token=token)
        assert (status, body["error"]["kind"]) == (401, "token")


def test_each_call_of_the_socket_is_described(api: Api, live: LiveServer) -> None:
    """OpenAPI has a path for each call, with the limits and choices of its arguments."""
    status, openapi = api.request("GET", "/openapi.json")
    assert status == 200
    paths = {path.removeprefix("/v1/calls/") for path in openapi["paths"] if path.startswith("/v1/calls/")}
    assert paths == set(live.offer.calls)
    close = openapi["components"]["schemas"]["csms_close_arguments"]["properties"]["code"]
    assert (close["minimum"], close["maximum"], close["default"]) == (1000, 4999, 1000)
    assert "Pending" in openapi["components"]["schemas"]["csms_register_arguments"]["properties"]["status"]["enum"]
    assert openapi["paths"]["/v1/state"]["get"]["security"] == [{"HTTPBearer": []}]
    answered = {"200", "400", "401", "409", "413", "502", "503"}
    operations = [operation for path in openapi["paths"].values() for operation in path.values()]
    assert [set(operation["responses"]) for operation in operations] == [answered] * len(operations)
    assert "HTTPValidationError" not in openapi["components"]["schemas"]


def test_programs_make_the_charge_point_pending(api: Api, peer: Peer) -> None:
    assert api.call("csms.register", status="Pending", interval=7) == (200, {"result": None})
    booted = peer.boot()
    assert (booted["status"], booted["interval"]) == ("Pending", 7)
    assert api.request("GET", "/v1/state")[1]["csms"]["charge_points"]["CP-1"]["registration"] == "Pending"


def test_programs_keep_a_list_of_tags(api: Api, peer: Peer) -> None:
    """idTags are compared case-insensitively, and null removes one."""
    api.call("csms.tag", id_tag="Stolen", status="Blocked")
    assert peer.call("Authorize", {"idTag": "STOLEN"}) == {"idTagInfo": {"status": "Blocked"}}
    assert api.call("csms.tags")[1]["result"] == {"tags": {"Stolen": "Blocked"}, "unlisted": "Accepted"}
    api.call("csms.tag", id_tag="stolen", status=None)
    assert peer.call("Authorize", {"idTag": "STOLEN"}) == {"idTagInfo": {"status": "Accepted"}}


def test_programs_replace_the_next_answer(api: Api, peer: Peer) -> None:
    api.call("csms.answer", action="Authorize", answer={"idTagInfo": {"status": "Expired"}})
    assert peer.call("Authorize", {"idTag": "A"}) == {"idTagInfo": {"status": "Expired"}}
    assert peer.call("Authorize", {"idTag": "A"}) == {"idTagInfo": {"status": "Accepted"}}


def test_programs_call_the_charge_point(api: Api, peer: Peer) -> None:
    answers: list[tuple[int, Any]] = []
    calling = threading.Thread(target=lambda: answers.append(api.call("csms.call", action="ClearCache")))
    calling.start()
    _, unique_id, action, _ = peer.receive()
    peer.send(json.dumps([3, unique_id, {"status": "Accepted"}]))
    calling.join(LIMIT_S)
    assert (action, answers) == ("ClearCache", [(200, {"result": {"status": "Accepted"}})])


def test_programs_inject_a_fault_of_the_wire(api: Api, peer: Peer) -> None:
    """The fault lasts until it is lifted."""
    arguments = {"action": "Heartbeat", "kind": "empty"}
    status, body = api.call("fault.inject", name="frame-wrong-id", arguments=arguments)
    assert (status, body["result"]["fault"]) == (200, "frame-wrong-id")
    peer.start_call("Heartbeat", {})
    assert peer.receive()[:2] == [3, ""]
    assert api.call("fault.lift", name="frame-wrong-id") == (200, {"result": {"lifted": ["frame-wrong-id"]}})
    assert "currentTime" in peer.call("Heartbeat", {})


@pytest.mark.parametrize(
    ("name", "arguments", "status", "error"),
    [
        ("csms.call", {}, 400, "action: Field required"),
        ("csms.call", {"action": "Reset", "typo": 1}, 400, "typo: Extra inputs are not permitted"),
        ("csms.strict", {"strict": "no"}, 400, "strict: Input should be a valid boolean"),
        ("csms.close", {"code": "1001"}, 400, "code: Input should be a valid integer"),
        ("csms.call", {"action": "Reset", "payload": {"type": float("nan")}}, 400, "the body is not JSON: "),
        ("csms.call", {"action": "Reset", "payload": {"a": [{"b": float("inf")}]}}, 400, "the body is not JSON: "),
        ("csms.send", {"text": "\ud800"}, 400, "the body is not JSON: "),
        ("csms.cal", {}, 404, "Not Found"),
        ("csms.answer", {"action": "Authorize", "error": "Wibble"}, 400, "'Wibble' is not the code of a CALLERROR"),
        ("csms.close", {"code": 1}, 400, "code: Input should be greater than or equal to 1000"),
        ("csms.call", {"action": "Reset", "charge_point": "CP-9"}, 400, "no charge point 'CP-9' has connected"),
        ("csms.call", {"action": "Reset"}, 400, "breaks its schema"),
        ("csms.call", {"action": "ClearCache", "timeout": 0.01}, 502, "expected within 0.01 s"),
        ("fault.inject", {"name": "power-cut"}, 503, "power-cut needs a bench"),
        ("fault.inject", {"name": "frame-drop", "arguments": {"times": "x"}}, 400, "times is a whole number"),
    ],
)
def test_an_error_names_its_cause(api: Api, peer: Peer, name: str, arguments: Any, status: int, error: str) -> None:
    found, body = api.call(name, **arguments)
    assert (found, error in body["error"]["message"]) == (status, True), body


def test_a_body_over_the_limit_is_rejected(api: Api) -> None:
    """A chunked body without a length is rejected as well."""
    path = "/v1/calls/csms.send"
    assert api.request("POST", path, b"x" * (LARGEST_BODY + 1))[0] == 413
    assert api.request("POST", path, iter([b"x" * LARGEST_BODY, b"x"]))[0] == 413
    assert api.request("POST", path, b"{nothing")[0] == 400


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{nothing", "the body is not JSON: "),
        (b"", "Field required"),
        (b"[" * 100_000, ""),
        (b"\xff\xfe", ""),
        (b'{"text": NaN}', "text: Input should be a valid string"),
    ],
)
def test_a_body_that_is_no_object_is_rejected(api: Api, body: bytes, error: str) -> None:
    status, answer = api.request("POST", "/v1/calls/csms.send", body)
    assert (status, answer["error"]["kind"]) == (400, "request")
    assert error in answer["error"]["message"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/v1/calls/csms.call", 405)])
def test_a_path_that_does_not_exist_is_an_error_as_any_other(api: Api, method: str, path: str, status: int) -> None:
    found, answer = api.request(method, path)
    assert (found, answer["error"]["kind"]) == (status, "request")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("nope=1", "nope: Extra inputs are not permitted"),
        ("cursor=0", "cursor: "),
        ("limit=1001", "limit: "),
        ("wait=nan", "wait: "),
        ("limit=x&kind=note", "limit: "),
    ],
)
def test_a_wrong_query_of_the_trace_is_rejected(api: Api, query: str, error: str) -> None:
    status, answer = api.request("GET", f"/v1/events?{query}")
    assert (status, answer["error"]["kind"]) == (400, "request")
    assert error in answer["error"]["message"]


def test_a_type_of_event_that_does_not_exist_is_rejected(api: Api) -> None:
    status, body = api.request("GET", "/v1/events?kind=ocpp_frames")
    assert (status, "no type of event 'ocpp_frames'" in body["error"]["message"]) == (400, True)


def test_the_trace_has_a_cursor(api: Api, peer: Peer) -> None:
    """Each part continues after the previous one, and a part may wait for its first event."""
    peer.boot()
    first = api.request("GET", "/v1/events?kind=ocpp_frame&limit=1&wait=20")[1]
    assert [event["action"] for event in first["events"]] == ["BootNotification"]
    rest = api.request("GET", f"/v1/events?kind=ocpp_frame&cursor={first['cursor']}&wait=20")[1]
    assert [event["direction"] for event in rest["events"]] == ["sent"]
    waiting: list[Any] = []
    path = f"/v1/events?kind=ocpp_frame&cursor={rest['cursor']}&wait=60"
    reading = threading.Thread(target=lambda: waiting.append(api.request("GET", path)[1]))
    reading.start()
    peer.status("Available")
    reading.join(LIMIT_S)
    assert waiting[0]["events"][0]["action"] == "StatusNotification"
    assert waiting[0]["lost"] == 0


def test_the_trace_is_bounded_and_counts_what_it_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that comes late learns how many events it has missed."""
    from rig.api import trace as module

    class Pushing:
        end = ""

        def request(self, *_: Any, **__: Any) -> None: ...

        def pushed(self) -> Iterator[dict[str, Any]]:
            yield from ({"event": {"type": "note", "id": number}} for number in range(1, 8))
            yield {"lost": 4}
            yield {"event": {"type": "note", "id": 12}}

    monkeypatch.setattr(module, "MOST_EVENTS", 3)
    ended = threading.Event()
    trace = module.Trace(Pushing(), on_end=ended.set)  # type: ignore[arg-type]
    assert ended.wait(LIMIT_S)
    page = trace.page(3, [], 100, 0)
    assert [json.loads(event)["id"] for event in page.events] == [6, 7, 12]
    assert (page.cursor, page.lost) == (13, 3 + 4)
    assert trace.page(page.cursor, [], 100, 0) == ([], 13, 0)
