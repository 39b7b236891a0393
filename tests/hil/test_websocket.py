"""Valid but unusual WebSocket frames of servers (RFC 6455 section 5)."""

from __future__ import annotations

import orjson
import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.instruments.console import Console
from rig.instruments.telemetry import Telemetry
from rig.timeline.events import LinkChange, OcppFrame

LONGEST_MESSAGE = 8192
"""The longest message that the device accepts, in bytes (`WsProtocol::kMaxMessage`)."""
MOST_A_ROUND = 4096
"""The bytes that it reads in one round of its loop (`Connection::kMaxReceivedPerPoll`)."""


def stays(bench: Bench, csms: Csms) -> None:
    """Check that the device has the same connection as at the test's start, and answers."""
    csms.ping()
    assert bench.timeline.events(LinkChange, bench.timeline.default_mark) == []


def answer_to(bench: Bench, unique_id: str) -> OcppFrame:
    """Wait for the device's answer to a raw call."""
    return bench.timeline.expect(
        OcppFrame,
        lambda frame: frame.direction == "received" and frame.unique_id == unique_id,
        what=f"an answer to {unique_id}",
    )


def data_transfer(unique_id: str, length: int) -> str:
    """Build a DataTransfer.req whose frame has that many bytes."""
    frame = orjson.dumps([2, unique_id, "DataTransfer", {"vendorId": "somebody.else", "data": ""}]).decode()
    return frame.replace('"data":""', f'"data":"{"x" * (length - len(frame))}"')


@pytest.mark.smoke
def test_pings_of_the_server_are_answered(device: Device, bench: Bench, csms: Csms) -> None:
    """Pings with empty, short and longest payload get a pong with the same payload."""
    for payload in (b"", b"are you there?", bytes(125)):
        csms.ping(payload)
    stays(bench, csms)


def test_a_hundred_pings_in_a_row(device: Device, bench: Bench, csms: Csms) -> None:
    """A hundred pings in a row do not end the connection."""
    for number in range(100):
        csms.ping(str(number).encode())
    stays(bench, csms)


def test_an_unsolicited_pong_is_ignored(device: Device, bench: Bench, csms: Csms) -> None:
    """An unsolicited pong, which RFC 6455 section 5.5.3 allows as a heartbeat, is ignored."""
    csms.pong(b"heartbeat")
    stays(bench, csms)


def test_a_flood_of_pongs_does_not_block_the_loop(
    device: Device, bench: Bench, csms: Csms, telemetry: Telemetry
) -> None:
    """Megabytes of pongs faster than the device reads do not keep its loop from inputs and watchdog."""
    times, payload = 30_000, bytes(125)
    (before,) = telemetry.expect(1)
    csms.pong(payload, times=times)
    csms.ping()
    (after,) = telemetry.expect(1)
    assert after.values["loops"] - before.values["loops"] >= times * (2 + len(payload)) / MOST_A_ROUND
    stays(bench, csms)


@pytest.mark.parametrize("fragments", [2, 7, 60])
def test_a_fragmented_call_is_answered(device: Device, bench: Bench, csms: Csms, fragments: int) -> None:
    """A call in many fragments, with pings between them, is one call."""
    csms.send_raw('[2,"in-pieces","RemoteStopTransaction",{"transactionId":987654}]', fragments=fragments)
    assert answer_to(bench, "in-pieces").payload == {"status": "Rejected"}
    stays(bench, csms)


@pytest.mark.parametrize("length", [126, 4096, LONGEST_MESSAGE])
def test_a_large_call_is_answered(device: Device, bench: Bench, csms: Csms, length: int) -> None:
    """Calls up to the longest accepted message are answered, with lengths of 7 and 16 bits."""
    csms.send_raw(data_transfer("large", length))
    assert answer_to(bench, "large").message_type in ("CALLRESULT", "CALLERROR")
    stays(bench, csms)


@pytest.mark.smoke
@pytest.mark.parametrize(("length", "fragments"), [(LONGEST_MESSAGE + 1, 1), (15_000, 7), (1_000_000, 1)])
def test_a_too_large_call_gets_an_error_and_keeps_the_connection(
    device: Device, bench: Bench, csms: Csms, length: int, fragments: int
) -> None:
    """A call that is too long, even by one byte, gets an error that names the setting; the next one is answered."""
    csms.send_raw(data_transfer("too-large", length), fragments=fragments)
    error = answer_to(bench, "too-large")
    assert error.message_type == "CALLERROR"
    assert error.payload["code"] == "InternalError"
    assert "longer than ws_message_bytes" in error.payload["description"]
    device.wait_status(connected=True, accepted=True)
    stays(bench, csms)


def test_the_longest_message_is_a_setting(device: Device, bench: Bench, csms: Csms) -> None:
    """With `ws_message_bytes` of 2,048, one byte more gets an error."""
    device.configure(ws_message_bytes=2048)
    csms.send_raw(data_transfer("too-large", 2049))
    assert answer_to(bench, "too-large").message_type == "CALLERROR"
    csms.send_raw(data_transfer("fits", 2048))
    assert "ws_message_bytes" not in str(answer_to(bench, "fits").payload)


def test_a_binary_message_is_ignored(device: Device, bench: Bench, csms: Csms, console: Console) -> None:
    """A binary message, which OCPP-J does not allow, is logged, and the connection stays."""
    csms.send_binary(bytes(range(256)))
    console.expect("binary message was ignored")
    stays(bench, csms)


@pytest.mark.needs("stepped_time")
def test_an_idle_connection_stays(device: Device, bench: Bench, csms: Csms) -> None:
    """An hour without messages: pings keep the same connection."""
    device.configure(heartbeat_interval_s=86_400)
    csms.behaviour.heartbeat_interval_s = 86_400
    mark = bench.mark()
    bench.timeline.expect_none(LinkChange, since=mark, within=3600)
    csms.ping()
