"""The CSMS as an instrument of tests: expectations, calls, replaced and held answers, silence, restarts."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, get_args

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from rig.csms import CallError, CallErrorReceived, Csms
from rig.csms.bad_answer import BadAnswer
from rig.csms.bad_handshake import BadHandshake
from rig.csms.server import CsmsServer
from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble, Note, OcppFrame
from rig.util.errors import AuthorError, BenchError, DeviceError, ExpectationError
from tests.unit.conftest import STEPPED
from tests.unit.csms.conftest import IDENTITY, LIMIT_S, Peer, handshake

START = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": "2024-01-01T00:00:00Z"}


# -- expectations ---------------------------------------------------------------------------------------------------


def test_a_call_is_matched_once(csms: Csms, peer: Peer) -> None:
    peer.status("Available")
    peer.status("Available")
    first = csms.expect_status("Available", timeout=0)
    second = csms.expect_status("Available", timeout=0)
    assert first.id < second.id
    with pytest.raises(ExpectationError, match="no unmatched StatusNotification came"):
        csms.expect_status("Available", timeout=0)


def test_a_call_that_came_before_an_awaited_one_is_matched(csms: Csms, peer: Peer) -> None:
    peer.boot()
    peer.status("Available")
    csms.expect_status("Available")
    csms.expect("BootNotification")


def test_a_call_is_awaited(csms: Csms, peer: Peer) -> None:
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(csms.expect, "Heartbeat", timeout=LIMIT_S)
        peer.call("Heartbeat", {})
        assert waiting.result(LIMIT_S).action == "Heartbeat"


def test_fields_match_deep_and_by_predicate(csms: Csms, peer: Peer) -> None:
    values = {
        "connectorId": 1,
        "meterValue": [{"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [{"value": "7", "unit": "Wh"}]}],
    }
    peer.call("MeterValues", values)
    csms.expect("MeterValues", meterValue=[{"sampledValue": [{"value": lambda text: float(text) > 5}]}], timeout=0)
    peer.call("Authorize", {"idTag": "TAG-42"})
    csms.expect("Authorize", idTag=re.compile(r"TAG-\d+"), timeout=0)
    peer.call("Authorize", {"idTag": "OTHER"})
    csms.expect("Authorize", lambda frame: frame.payload["idTag"] == "OTHER", timeout=0)


def test_a_failure_shows_the_nearest_miss_and_the_exchange(csms: Csms, peer: Peer) -> None:
    peer.boot()
    peer.status("Faulted", connector=2)
    peer.status("Preparing")
    with pytest.raises(ExpectationError) as failed:
        csms.expect_status("Charging", timeout=0)
    lines = str(failed.value).splitlines()
    assert lines[0] == "expected within 0 s: StatusNotification of CP-1 with connectorId=1, status='Charging'"
    assert lines[1] == "nearest miss: status: expected 'Charging', got 'Preparing', in StatusNotification [m3]"
    assert lines[2] == "the exchange:"
    assert "── connected" in lines[3]
    assert [line for line in lines if line.startswith("  >")] == [line for line in lines if "→ [m3]" in line]


def test_a_failure_shows_the_last_twenty_frames(csms: Csms, peer: Peer) -> None:
    for _ in range(15):
        peer.call("Heartbeat", {})
    with pytest.raises(ExpectationError, match=r"the exchange \(last 20 of 31\)") as failed:
        csms.expect("Authorize", timeout=0)
    assert len(str(failed.value).splitlines()) == 3 + 20


def test_since_ignores_earlier_calls(csms: Csms, timeline: Timeline, peer: Peer) -> None:
    peer.call("Heartbeat", {})
    mark = timeline.mark()
    with pytest.raises(ExpectationError):
        csms.expect("Heartbeat", since=mark, timeout=0)
    csms.expect("Heartbeat", timeout=0)


def test_a_forbidden_call_is_shown_and_its_absence_passes(csms: Csms, peer: Peer) -> None:
    csms.expect_none("Heartbeat", within=0.01)
    peer.call("Heartbeat", {})
    with pytest.raises(ExpectationError, match=r"(?s)forbidden, but it came: Heartbeat.*>.*→ \[m1\] Heartbeat"):
        csms.expect_none("Heartbeat", within=0.01)


def test_a_misspelt_action_is_rejected_at_once(csms: Csms) -> None:
    with pytest.raises(AuthorError, match=r"did you mean 'StartTransaction'\? The calls are: Authorize"):
        csms.expect("StartTransction")
    with pytest.raises(AuthorError, match="'Reset' is not a call of a charge point"):
        csms.answer("Reset", {})


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("GenericErr", "did you mean 'GenericError'"),
        ("Wibble", r"not the code of a CALLERROR\. The codes are: "),
        ("", "not the code of a CALLERROR"),
    ],
)
def test_a_code_that_no_callerror_has_is_rejected_unless_unchecked(
    csms: Csms, peer: Peer, code: str, words: str
) -> None:
    with pytest.raises(AuthorError, match=words):
        csms.answer("Heartbeat", CallError(code))
    peer.call("Heartbeat", {})
    csms.answer("Heartbeat", CallError(code), check=False)
    peer.start_call("Heartbeat", {})
    assert peer.receive()[2] == code


@STEPPED
def test_time_limits_are_in_bench_time(csms: Csms, timeline: Timeline) -> None:
    before = timeline.clock.now()
    csms.expect_none("Heartbeat", within=600)
    assert timeline.clock.now() - before == 600_000_000_000


def test_trouble_of_the_bench_ends_a_wait_at_once(csms: Csms, timeline: Timeline, peer: Peer) -> None:
    csms.expect_connected()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(csms.call, "Reset", {"type": "Soft"}, timeout=60)
        peer.receive()
        timeline.interrupt(BenchError("the port vanished"))
        with pytest.raises(BenchError, match="the port vanished"):
            waiting.result(LIMIT_S)


# -- calls ----------------------------------------------------------------------------------------------------------


def answered(csms: Csms, peer: Peer, reply: Callable[[str], str], **options: Any) -> Any:
    """Return the result of `csms.call` when the charge point answers with `reply(unique id)`."""
    csms.expect_connected()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, "Reset", {"type": "Soft"}, timeout=LIMIT_S, **options)
        request = peer.receive()
        assert request[2:] == ["Reset", {"type": "Soft"}]
        peer.send(reply(request[1]))
        return call.result(LIMIT_S)


def test_a_call_returns_the_answers_payload(csms: Csms, peer: Peer) -> None:
    assert answered(csms, peer, lambda i: f'[3,"{i}",{{"status":"Accepted"}}]') == {"status": "Accepted"}


def test_a_call_answered_with_an_error_raises_it(csms: Csms, peer: Peer) -> None:
    with pytest.raises(CallErrorReceived, match="Reset was answered with CALLERROR NotSupported: no") as raised:
        answered(csms, peer, lambda i: f'[4,"{i}","NotSupported","no",{{"a":1}}]')
    assert (raised.value.code, raised.value.description, raised.value.details) == ("NotSupported", "no", {"a": 1})


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ('[3,"{}",{{"status":"Perhaps"}}]', "Perhaps"),
        ('[3,"{}",{{}}]', "required property"),
        ('[4,"{}","NoSuchCode","",{{}}]', "'NoSuchCode' is not a CALLERROR code"),
    ],
)
def test_an_invalid_answer_is_a_failure(csms: Csms, peer: Peer, reply: str, error: str) -> None:
    with pytest.raises(ExpectationError, match=rf"answered Reset wrongly: .*{error}"):
        answered(csms, peer, lambda i: reply.format(i))


def test_a_call_that_is_not_answered_shows_the_exchange(csms: Csms, peer: Peer) -> None:
    peer.boot()
    with pytest.raises(
        ExpectationError, match=r"(?s)expected within 0.05 s: the answer of CP-1 to Reset.*← \[csms-1\]"
    ):
        csms.call("Reset", {"type": "Soft"}, timeout=0.05)


def test_a_call_fails_at_once_if_the_charge_point_disconnects(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, "Reset", {"type": "Soft"}, timeout=60)
        peer.receive()
        peer.socket.close()
        with pytest.raises(ExpectationError, match="CP-1 disconnected before it answered Reset"):
            call.result(LIMIT_S)


def test_a_call_without_a_connection_fails_at_once(csms: Csms) -> None:
    with pytest.raises(ExpectationError, match="cannot send Reset to CP-1: it is not connected"):
        csms.call("Reset", {"type": "Soft"})


def test_an_invalid_request_is_rejected_unless_check_is_off(csms: Csms, peer: Peer) -> None:
    peer.boot()
    with pytest.raises(ValueError, match=r"the request to send for Reset breaks its schema: type: .*Tepid"):
        csms.call("Reset", {"type": "Tepid"})
    with pytest.raises(ExpectationError):
        csms.call("Reset", {"type": "Tepid"}, check=False, timeout=0)
    assert peer.receive()[3] == {"type": "Tepid"}


def test_only_one_call_is_in_flight(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(csms.call, "ClearCache", timeout=LIMIT_S) for _ in range(3)]
        for _ in range(3):
            request = peer.receive()
            with pytest.raises(TimeoutError):
                peer.socket.recv(0.02)
            peer.send(f'[3,"{request[1]}",{{"status":"Accepted"}}]')
        assert [call.result(LIMIT_S) for call in calls] == [{"status": "Accepted"}] * 3


# -- other answers --------------------------------------------------------------------------------------------------


def authorize(peer: Peer) -> str:
    status: str = peer.call("Authorize", {"idTag": "T"})["idTagInfo"]["status"]
    return status


def test_an_answer_is_replaced_always_or_n_times(csms: Csms, peer: Peer) -> None:
    blocked = csms.answer("Authorize", {"idTagInfo": {"status": "Blocked"}})
    csms.answer("Authorize", {"idTagInfo": {"status": "Expired"}}, times=2)
    assert [authorize(peer) for _ in range(4)] == ["Expired", "Expired", "Blocked", "Blocked"]
    assert blocked.used == 2
    blocked.undo()
    blocked.undo()
    assert authorize(peer) == "Accepted"


def test_a_replaced_answer_ends_with_its_block(csms: Csms, peer: Peer) -> None:
    with csms.answer("Authorize", {"idTagInfo": {"status": "Blocked"}}):
        assert authorize(peer) == "Blocked"
    assert authorize(peer) == "Accepted"


def test_an_answer_may_be_an_error_or_a_function(csms: Csms, peer: Peer) -> None:
    csms.answer("Authorize", CallError("InternalError", "sorry", {"why": "x"}), times=1)
    peer.start_call("Authorize", {"idTag": "T"}, "a")
    assert peer.receive() == [4, "a", "InternalError", "sorry", {"why": "x"}]

    def by_tag(request: dict[str, Any]) -> Any:
        return {"idTagInfo": {"status": "Invalid"}} if request["idTag"] == "T" else CallError("GenericError")

    csms.answer("Authorize", by_tag)
    assert authorize(peer) == "Invalid"
    peer.start_call("Authorize", {"idTag": "U"}, "b")
    assert peer.receive()[:3] == [4, "b", "GenericError"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda _request: 1 / 0, "raised ZeroDivisionError: division by zero. Correct"),
        (
            lambda _request: {"idTagInfo": object()},
            "returned an invalid answer: the response to send for Authorize is not JSON",
        ),
        (
            lambda _request: {"nonsense": 1},
            "returned an invalid answer: the response to send for Authorize breaks its schema",
        ),
        (lambda _request: None, "returned an invalid answer: .* the payload must be a JSON object"),
        (lambda _request: CallError("InternalError", "", {"a": object()}), "returned an invalid answer: .* not JSON"),
    ],
)
def test_a_function_without_a_valid_answer_is_an_error_of_the_test(
    csms: Csms, timeline: Timeline, peer: Peer, wrong: Callable[[Any], Any], error: str
) -> None:
    csms.answer("Authorize", wrong)
    peer.start_call("Authorize", {"idTag": "T"}, "a")
    assert peer.receive()[:3] == [4, "a", "InternalError"]
    error = f"the test's function that answers Authorize {error}"
    with pytest.raises(AuthorError, match=error):
        csms.expect("Heartbeat", timeout=LIMIT_S)
    assert re.match(error, timeline.events(Note)[0].text)


def fails_an_assert(request: Any) -> Any:
    assert request["idTag"] == "MINE", "another's tag"
    return {"idTagInfo": {"status": "Accepted"}}


def fails_in_words(_request: Any) -> Any:
    pytest.fail("another's tag")


@pytest.mark.parametrize("judge", [fails_an_assert, fails_in_words])
def test_a_function_may_fail_the_device(csms: Csms, timeline: Timeline, peer: Peer, judge: Any) -> None:
    """A failed assert in the function is a failure of the firmware, as in the test itself."""
    csms.answer("Authorize", judge)
    peer.start_call("Authorize", {"idTag": "T"}, "a")
    assert peer.receive()[:3] == [4, "a", "InternalError"]
    with pytest.raises(DeviceError, match="answers Authorize finds the device wrong: another's tag"):
        csms.expect("Heartbeat", timeout=LIMIT_S)
    assert timeline.events(BenchTrouble) == []


@pytest.mark.parametrize("length", [3, 300])
def test_a_function_cannot_change_what_the_charge_point_sent(csms: Csms, peer: Peer, length: int) -> None:
    csms.answer("DataTransfer", lambda request: {"status": "Accepted", "data": request.pop("data")})
    request = {"vendorId": "V", "data": "x" * length}
    assert peer.call("DataTransfer", dict(request))["data"] == request["data"]
    assert csms.expect("DataTransfer", timeout=LIMIT_S).payload == request


def test_a_function_may_break_the_schema_if_check_is_off(csms: Csms, timeline: Timeline, peer: Peer) -> None:
    csms.answer("Authorize", lambda _request: {"nonsense": 1}, check=False)
    assert peer.call("Authorize", {"idTag": "T"}) == {"nonsense": 1}
    assert timeline.trouble is None


def test_an_internal_error_of_the_csms_is_a_bench_error(csms: Csms, timeline: Timeline, peer: Peer) -> None:
    csms.behaviour.clock_offset_s = 1e12
    peer.start_call("Heartbeat", {})
    with pytest.raises(ConnectionClosed) as closed:
        peer.socket.recv(LIMIT_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    with pytest.raises(BenchError, match=r"the CSMS failed to handle a message of CP-1, OverflowError: .*1011"):
        csms.expect("StatusNotification", timeout=LIMIT_S)
    assert "OverflowError" in timeline.events(BenchTrouble)[0].what
    timeline.clear_trouble()
    assert csms.expect_disconnected(LIMIT_S).code == 1011


def test_an_answer_that_breaks_the_schema_is_rejected_unless_check_is_off(
    csms: Csms, timeline: Timeline, peer: Peer
) -> None:
    with pytest.raises(ValueError, match="the response to send for Authorize breaks its schema"):
        csms.answer("Authorize", {"status": "Accepted"})
    with pytest.raises(ValueError, match="not 0"):
        csms.answer("Authorize", {"idTagInfo": {"status": "Blocked"}}, times=0)
    with pytest.raises(ValueError, match="the response to send for Authorize is not JSON"):
        csms.answer("Authorize", {"idTagInfo": object()}, check=False)
    csms.answer("Authorize", {"status": "Accepted"}, check=False)
    assert peer.call("Authorize", {"idTag": "T"}) == {"status": "Accepted"}
    sent = timeline.last(OcppFrame)
    assert sent is not None
    assert sent.error != ""


def test_answers_are_held_and_released(csms: Csms, peer: Peer) -> None:
    with csms.hold("StartTransaction") as held:
        peer.start_call("StartTransaction", START, "a")
        assert held.wait().unique_id == "a"
        assert csms.transactions[0].transaction_id is None
        assert held.release() == 1
        assert peer.receive()[:2] == [3, "a"]
        peer.call("Heartbeat", {})  # other calls are answered
        peer.start_call("StartTransaction", START | {"meterStart": 102}, "c")
        held.wait()
        with pytest.raises(ValueError, match="the response to send for StartTransaction breaks its schema"):
            held.release({"nonsense": 1})
        assert held.release(CallError("InternalError")) == 1
        assert peer.receive()[:3] == [4, "c", "InternalError"]
        with pytest.raises(ExpectationError, match="to hold its answer"):
            held.wait(0)
        with pytest.raises(ValueError, match="already held"), csms.hold("StartTransaction"):
            pass
        peer.start_call("StartTransaction", START | {"meterStart": 103}, "d")
        held.wait()
    assert peer.receive()[:2] == [3, "d"]
    csms.expect("StartTransaction", meterStart=100, timeout=0)


def test_a_held_answer_reaches_a_reconnected_charge_point(csms: Csms, new_peer: Callable[..., Peer]) -> None:
    first = new_peer()
    with csms.hold("StartTransaction") as held:
        first.start_call("StartTransaction", START, "a")
        held.wait()
        first.socket.close()
        csms.expect_disconnected()
        second = new_peer()
        csms.expect_connected()
        csms.expect_connected()
        assert held.release() == 1
    assert second.receive()[:2] == [3, "a"]


def test_a_reset_restores_normal_behaviour(csms: Csms, peer: Peer) -> None:
    csms.answer("Authorize", {"idTagInfo": {"status": "Blocked"}})
    csms.behaviour.registration = "Rejected"
    assert peer.boot()["status"] == "Rejected"
    csms.reset()
    assert authorize(peer) == "Accepted"
    assert peer.boot()["status"] == "Accepted"


# -- misbehaviour ---------------------------------------------------------------------------------------------------


def test_silence_sends_nothing(csms: Csms, peer: Peer, new_peer: Callable[..., Peer]) -> None:
    peer.boot()
    with csms.silence():
        peer.start_call("Heartbeat", {})
        csms.expect("Heartbeat")
        pong = peer.socket.ping()
        assert not pong.wait(0.05)
        with pytest.raises(TimeoutError):
            peer.socket.recv(0.01)
        with pytest.raises(BenchError, match="it is silent"):
            csms.call("ClearCache")
        with pytest.raises(TimeoutError):
            new_peer("CP-2", open_timeout=0.05)
    assert peer.call("Heartbeat", {}, unique_id="after") != {}


def test_silence_answers_no_close_handshake_and_ends_with_a_reset(csms: Csms, peer: Peer) -> None:
    peer.boot()
    with csms.silence():
        closing = threading.Thread(target=peer.socket.close)
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
        assert csms.connected
    closing.join(LIMIT_S)
    assert not closing.is_alive()
    csms.expect_disconnected()


def test_without_pongs_calls_are_answered(csms: Csms, peer: Peer) -> None:
    with csms.no_pong():
        peer.boot()
        assert not peer.socket.ping().wait(0.05)
    assert peer.socket.ping().wait(LIMIT_S)


def test_handshakes_are_refused_with_a_status(csms: Csms, peer: Peer, new_peer: Callable[..., Peer]) -> None:
    with csms.refuse(503):
        with pytest.raises(InvalidStatus) as refused:
            new_peer()
        assert refused.value.response.status_code == 503
        peer.boot()
    new_peer()
    for status in (200, 450):
        with pytest.raises(ValueError, match=f"one of 300, 301, .*, 511, not {status}"), csms.refuse(status):
            pass


@pytest.mark.parametrize("location", ["ws://a\r\nSet-Cookie: b", "ws://a/\0", "ws://münchen/", "ws://a/\x85b"])
def test_a_location_that_breaks_the_header_is_rejected(csms: Csms, location: str) -> None:
    with pytest.raises(AuthorError, match="location is a URL in printable ASCII"), csms.refuse(301, 0, location):
        pass


def test_handshakes_are_redirected(csms: Csms) -> None:
    """Without a location the answer points to the same URL, as a misconfigured proxy does."""
    for location, expected in (("ws://elsewhere/CP-1", "ws://elsewhere/CP-1"), ("", csms.url("CP-1"))):
        with csms.refuse(301, location=location), socket.create_connection(("127.0.0.1", csms.port)) as client:
            client.sendall(handshake("/CP-1"))
            head = client.recv(1000).decode()
        assert head.startswith("HTTP/1.1 301 ")
        assert f"\r\nLocation: {expected}\r\n" in head


def test_a_connection_is_closed_with_a_code_that_is_forbidden_on_the_wire(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    csms.close(1005)
    with pytest.raises(ConnectionClosed):
        peer.socket.recv(LIMIT_S)
    csms.expect_disconnected()


def test_a_connection_is_closed_with_a_code(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    csms.close(1001, "going")
    with pytest.raises(ConnectionClosed) as closed:
        peer.socket.recv(LIMIT_S)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "going")
    csms.expect_disconnected()
    with pytest.raises(ExpectationError, match="cannot close the connection of CP-1"):
        csms.close()


@pytest.mark.parametrize("code", [None, 1012])
def test_a_restart_uses_the_same_port(csms: Csms, new_peer: Callable[..., Peer], code: int | None) -> None:
    peer, port = new_peer(), csms.port
    csms.expect_connected()
    csms.stop(code)
    with pytest.raises(ConnectionClosed) as closed:
        peer.socket.recv(LIMIT_S)
    assert (closed.value.rcvd.code if closed.value.rcvd else None) == code
    csms.expect_disconnected()
    with pytest.raises(ConnectionRefusedError):
        new_peer()
    csms.stop()
    csms.start()
    csms.start()
    assert csms.port == port
    assert new_peer().boot()["status"] == "Accepted"


def test_stopping_in_silence_does_not_hang(csms: Csms, peer: Peer) -> None:
    peer.boot()
    with csms.silence():
        csms.stop(1012)
    csms.start()


@pytest.mark.parametrize("code", [None, 1012])
@pytest.mark.parametrize("said", [b"", b"GET /CP-2 HTTP/1.1\r\nHost: "])
def test_a_pending_opening_handshake_does_not_delay_the_stop(
    csms: Csms, new_peer: Callable[..., Peer], code: int | None, said: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", csms.port)) as idle:
        idle.sendall(said)
        new_peer().boot()  # the server accepts in order, so the idle client is accepted too
        csms.stop(code)
        idle.settimeout(LIMIT_S)
        with pytest.raises(ConnectionResetError):
            idle.recv(1)


def test_an_opening_handshake_deferred_by_silence_is_answered_after_it(
    csms: Csms, new_peer: Callable[..., Peer]
) -> None:
    with ThreadPoolExecutor() as pool:
        with csms.silence():
            coming = pool.submit(new_peer)
            with pytest.raises(TimeoutError):
                coming.result(0.1)
        assert coming.result(LIMIT_S).boot()["status"] == "Accepted"


def test_the_port_is_released_even_if_stopping_fails(
    timeline: Timeline, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: CsmsServer) -> None:
        raise BenchError("it does not stop")

    csms = Csms(timeline, loop)
    with monkeypatch.context() as patch:
        patch.setattr(CsmsServer, "stop", fail)
        with pytest.raises(BenchError, match="it does not stop"):
            csms.shut_down()
    with socket.socket() as other:
        other.bind(("127.0.0.1", csms.port))


# -- secrets --------------------------------------------------------------------------------------------------------

SECRET = "0123456789abcdef"
KEY = {"key": "AuthorizationKey", "value": SECRET}


def test_a_secret_is_unmasked_on_the_wire_and_masked_in_the_record(csms: Csms, timeline: Timeline, peer: Peer) -> None:
    csms.expect_connected()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, "ChangeConfiguration", KEY)
        request = peer.receive()
        assert request[3] == KEY
        peer.send(f'[3,"{request[1]}",{{"status":"Accepted"}}]')
        assert call.result(LIMIT_S) == {"status": "Accepted"}
        call = pool.submit(csms.call, "GetConfiguration")
        told = {"configurationKey": [{**KEY, "readonly": False}]}
        peer.send(orjson.dumps([3, peer.receive()[1], told]).decode())
        assert call.result(LIMIT_S) == told
    assert csms.state.configuration["AuthorizationKey"].value == SECRET
    assert [frame.payload for frame in timeline.events(OcppFrame)][::3] == [KEY, told]
    with pytest.raises(ExpectationError) as failed:
        csms.expect("Heartbeat", timeout=0)
    with pytest.raises(ExpectationError) as unmatched:
        timeline.expect(OcppFrame, lambda _: False, timeout=0)
    everything = [*map(repr, timeline), *(str(event.record()) for event in timeline), csms.exchange(), str(csms.state)]
    for text in (*everything, str(failed.value), str(unmatched.value)):
        assert SECRET not in text
    assert "********" in csms.exchange()


def test_a_secret_is_in_no_error_message(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    long = {"key": "AuthorizationKey", "value": SECRET * 100}
    with pytest.raises(ValueError, match="longer than 500") as rejected:
        csms.call("ChangeConfiguration", long)
    with pytest.raises(ExpectationError, match="expected within 0 s") as unanswered:
        csms.call("ChangeConfiguration", KEY, timeout=0)
    peer.receive()
    with ThreadPoolExecutor() as pool:
        call = pool.submit(csms.call, "GetConfiguration")
        wrong = {"configurationKey": [{**long, "readonly": False}]}
        peer.send(orjson.dumps([3, peer.receive()[1], wrong]).decode())
        with pytest.raises(ExpectationError, match=r"answered GetConfiguration wrongly: .*longer than 500") as answered:
            call.result(LIMIT_S)
    peer.start_call("DataTransfer", {"vendorId": "V", **KEY})
    peer.receive()
    with pytest.raises(ExpectationError) as missed:
        csms.expect("DataTransfer", timeout=0, vendorId="W")
    with pytest.raises(AuthorError, match="has no field 'value'") as misspelt:
        csms.expect("DataTransfer", timeout=0, value=SECRET, vendorId="V")
    peer.socket.send(orjson.dumps([2, "b", "DataTransfer", KEY]))
    peer.boot()
    broken = csms.expect_violation("binary", timeout=0)
    messages = (str(each.value) for each in (rejected, unanswered, answered, missed, misspelt))
    for text in (*messages, bytes.fromhex(broken.raw)):
        assert SECRET not in str(text)


# -- the bench around it --------------------------------------------------------------------------------------------


def test_a_taken_port_is_an_error_of_the_bench_with_its_holder(
    csms: Csms, timeline: Timeline, loop: asyncio.AbstractEventLoop
) -> None:
    with pytest.raises(BenchError, match=rf"CSMS: 127.0.0.1 port {csms.port} is taken by .* \(pid \d+\)"):
        Csms(timeline, loop, port=csms.port)
    with pytest.raises(BenchError, match="70000 is not a TCP port"):
        Csms(timeline, loop, port=70000)
    with pytest.raises(BenchError, match=r"cannot listen on 192\.0\.2\.1"):
        Csms(timeline, loop, host="192.0.2.1")


def test_a_blocking_call_on_the_loop_is_rejected(csms: Csms, loop: asyncio.AbstractEventLoop) -> None:
    async def wrong() -> None:
        csms.start()

    with pytest.raises(AuthorError, match="would never return"):
        asyncio.run_coroutine_threadsafe(wrong(), loop).result(LIMIT_S)


def test_without_an_identity_the_first_charge_point_counts(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> None:
    csms = Csms(timeline, loop)
    csms.start()
    try:
        assert not csms.connected
        with pytest.raises(BenchError, match="no charge point has connected yet"):
            csms.expect("Heartbeat")
        with Peer(csms.url("CP-9")).socket as socket:
            socket.send('[2,"a","Heartbeat",{}]')
            socket.recv(LIMIT_S)
            csms.expect("Heartbeat")
            assert csms.connected
            assert csms.charge_points == ("CP-9",) != (IDENTITY,)
    finally:
        csms.shut_down()


@pytest.mark.parametrize("kind", get_args(BadHandshake))
def test_opening_handshakes_get_malformed_answers(
    csms: Csms, new_peer: Callable[..., Peer], kind: BadHandshake
) -> None:
    with csms.malform_handshakes(kind):
        if kind == "no-subprotocol":  # this client, unlike a charge point, accepts a missing sub-protocol
            assert new_peer().socket.subprotocol is None
        else:
            with pytest.raises((TimeoutError, InvalidHandshake, ConnectionError)):
                new_peer(open_timeout=0.2)
    assert new_peer().boot()["status"] == "Accepted"


def test_a_ping_waits_for_the_pong(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()  # the peer may be connected earlier than the CSMS records it
    csms.ping(b"are you there?", timeout=LIMIT_S)
    csms.pong(b"unasked for")
    csms.pong(bytes(125), times=1000)
    csms.ping(b"and behind them?", timeout=LIMIT_S)
    peer.socket.close()
    with pytest.raises(ExpectationError, match=r"not connected|the connection ended"):
        csms.ping(timeout=0.2)


def test_a_message_is_sent_in_fragments(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    csms.send_raw('[2,"x","Reset",{"type":"Soft"}]', fragments=5)
    pieces = ['[2,"x"', ',"Rese', 't",{"t', 'ype":"', 'Soft"}]', ""]  # the library ends with an empty frame
    assert list(peer.socket.recv_streaming()) == pieces
    with pytest.raises(ValueError, match="a text of 3 characters can have 1 to 3 fragments, not 4"):
        csms.send_raw("[2]", fragments=4)


def test_a_binary_message_is_sent(csms: Csms, peer: Peer) -> None:
    csms.expect_connected()
    csms.send_binary(b"\x00\xff")
    assert peer.socket.recv(LIMIT_S) == b"\x00\xff"


@pytest.mark.parametrize(
    ("kind", "text", "error"),
    [
        ("half", r'^\[3,"m2",\{"currentTime":"2$', "no JSON"),
        ("garbage", "^<html>", "no JSON"),
        ("wrong-id", r'^\[3,"no-m2",\{\}\]$', "answers 'no-m2', which is no open call of the charge point"),
        ("no-payload", r'^\[3,"m2"\]$', "2 elements where message type 3 has 3"),
    ],
)
def test_malformed_answers_are_recorded_as_sent(
    csms: Csms, peer: Peer, timeline: Timeline, kind: BadAnswer, text: str, error: str
) -> None:
    peer.boot()
    with csms.malform_answers(kind):
        peer.start_call("Heartbeat", {})
        came = peer.socket.recv(LIMIT_S)
        assert re.match(text, came)
    sent = timeline.last(OcppFrame, lambda frame: frame.direction == "sent")
    assert sent is not None
    assert sent.raw == came
    assert error in sent.error
    assert "currentTime" in peer.call("Heartbeat", {}, "m2")


@STEPPED
def test_the_clock_of_the_csms_can_be_wrong(csms: Csms, peer: Peer) -> None:
    right = datetime.fromisoformat(peer.call("Heartbeat", {})["currentTime"])
    csms.behaviour.clock_offset_s = -7200
    wrong = datetime.fromisoformat(peer.call("Heartbeat", {})["currentTime"])
    assert right - wrong == timedelta(hours=2)
    csms.reset()
    assert datetime.fromisoformat(peer.call("Heartbeat", {})["currentTime"]) == right
