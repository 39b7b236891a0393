"""Frames that servers send and charge points trip over (RFC 6455 section 5)."""

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
"""What the device takes whole, in bytes (`WsProtocol::kMaxMessage`)."""
MOST_A_ROUND = 4096
"""What it reads in one round of its loop, in bytes (`Connection::kMaxReceivedPerPoll`)."""


def stays(bench: Bench, csms: Csms) -> None:
    """It has not lost its connection since the test's start, and answers."""
    csms.ping()
    assert bench.timeline.events(LinkChange, bench.timeline.default_mark) == []


def answer_to(bench: Bench, unique_id: str) -> OcppFrame:
    """The device's answer to a call that was sent raw."""
    return bench.timeline.expect(
        OcppFrame,
        lambda frame: frame.direction == "received" and frame.unique_id == unique_id,
        what=f"an answer to {unique_id}",
    )


def data_transfer(unique_id: str, length: int) -> str:
    """A DataTransfer.req whose frame is that many bytes long."""
    frame = orjson.dumps([2, unique_id, "DataTransfer", {"vendorId": "somebody.else", "data": ""}]).decode()
    return frame.replace('"data":""', f'"data":"{"x" * (length - len(frame))}"')


@pytest.mark.smoke
def test_pings_of_the_server_are_answered(device: Device, bench: Bench, csms: Csms) -> None:
    """Pings without, with little and with the most payload: each gets its pong, with the same payload."""
    for payload in (b"", b"are you there?", bytes(125)):
        csms.ping(payload)
    stays(bench, csms)


def test_a_hundred_pings_in_a_row(device: Device, bench: Bench, csms: Csms) -> None:
    """Pings at full speed do not disturb it."""
    for number in range(100):
        csms.ping(str(number).encode())
    stays(bench, csms)


def test_a_pong_that_nobody_asked_for_is_ignored(device: Device, bench: Bench, csms: Csms) -> None:
    """RFC 6455 section 5.5.3 allows it as a heartbeat of the server."""
    csms.pong(b"heartbeat")
    stays(bench, csms)


def test_a_flood_of_pongs_leaves_the_device_its_time(
    device: Device, bench: Bench, csms: Csms, telemetry: Telemetry
) -> None:
    """Megabytes faster than it reads: its loop comes round all the while, for the inputs and for the watchdog."""
    times, payload = 30_000, bytes(125)
    (before,) = telemetry.expect(1)
    csms.pong(payload, times=times)
    csms.ping()
    (after,) = telemetry.expect(1)
    assert after.values["loops"] - before.values["loops"] >= times * (2 + len(payload)) / MOST_A_ROUND
    stays(bench, csms)


@pytest.mark.parametrize("fragments", [2, 7, 60])
def test_a_fragmented_call_is_answered(device: Device, bench: Bench, csms: Csms, fragments: int) -> None:
    """A call in many frames, with pings between them, is one call."""
    csms.send_raw('[2,"in-pieces","RemoteStopTransaction",{"transactionId":987654}]', fragments=fragments)
    assert answer_to(bench, "in-pieces").payload == {"status": "Rejected"}
    stays(bench, csms)


@pytest.mark.parametrize("length", [126, 4096, LONGEST_MESSAGE])
def test_a_large_call_is_answered(device: Device, bench: Bench, csms: Csms, length: int) -> None:
    """Up to the longest message that it takes, with every form of the length (7 and 16 bits)."""
    csms.send_raw(data_transfer("large", length))
    assert answer_to(bench, "large").message_type in ("CALLRESULT", "CALLERROR")
    stays(bench, csms)


@pytest.mark.smoke
@pytest.mark.parametrize(("length", "fragments"), [(LONGEST_MESSAGE + 1, 1), (15_000, 7), (1_000_000, 1)])
def test_too_large_a_call_gets_an_error_and_costs_no_connection(
    device: Device, bench: Bench, csms: Csms, length: int, fragments: int
) -> None:
    """One byte too many, in pieces, or a megabyte: answered with the limit, and the next call is answered as ever."""
    csms.send_raw(data_transfer("too-large", length), fragments=fragments)
    error = answer_to(bench, "too-large")
    assert error.message_type == "CALLERROR"
    assert error.payload["code"] == "InternalError"
    assert str(LONGEST_MESSAGE) in error.payload["description"]
    device.wait_status(connected=True, accepted=True)
    stays(bench, csms)


def test_a_binary_message_is_ignored(device: Device, bench: Bench, csms: Csms, console: Console) -> None:
    """OCPP-J uses text: a binary message is logged, and the connection stays."""
    csms.send_binary(bytes(range(256)))
    console.expect("binary message was ignored")
    stays(bench, csms)


@pytest.mark.needs("stepped_time")
def test_an_idle_connection_stays(device: Device, bench: Bench, csms: Csms) -> None:
    """Ten minutes in which nobody has anything to say: pings keep it, and it is the same connection."""
    device.configure(heartbeat_interval_s=86_400)
    csms.behaviour.heartbeat_interval_s = 86_400
    mark = bench.mark()
    bench.timeline.expect_none(LinkChange, since=mark, within=600)
    csms.ping()
