"""Frames that violate OCPP-J 1.6 (section 4), and late, duplicate or wrong answers."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import ConnectionDrop
from rig.instruments.console import Console
from rig.timeline.events import LinkChange, OcppFrame

UNKNOWN_TRANSACTION = {"transactionId": 987654}


def stays_connected(bench: Bench, csms: Csms) -> None:
    """Check that the device answers a call on the connection that it had at the test's start."""
    assert csms.call("RemoteStopTransaction", UNKNOWN_TRANSACTION) == {"status": "Rejected"}
    assert bench.timeline.events(LinkChange, bench.timeline.default_mark) == []


def answers(bench: Bench) -> list[OcppFrame]:
    """Return the answers of the device since the test's start."""
    return bench.timeline.events(
        OcppFrame,
        bench.timeline.default_mark,
        lambda frame: frame.direction == "received" and frame.message_type != "CALL",
    )


@pytest.mark.parametrize(
    "text",
    ["hello", "[" * 500, '[2,7,"RemoteStopTransaction",{}]', '[3,"nobody-asked",{"status":"Accepted"}]'],
    ids=["no-json", "deep-arrays", "id-is-a-number", "an-unsolicited-result"],
)
def test_a_frame_that_cannot_be_answered_is_ignored(
    device: Device, bench: Bench, csms: Csms, console: Console, text: str
) -> None:
    """Invalid JSON, no array, no usable id, an unknown type, an unsolicited answer: each is logged and ignored."""
    csms.send_raw(text)
    console.expect(r"ocpp: (message ignored|an answer without an open request is ignored)")
    stays_connected(bench, csms)
    assert len(answers(bench)) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[2,"bad","NoSuchAction",{}]', "NotImplemented"),
        ('[2,"bad","ReserveNow",{}]', "NotSupported"),
        ('[2,"bad","Reset",{}]', "OccurenceConstraintViolation"),
    ],
    ids=["unknown-action", "action-of-reservation", "field-is-missing"],
)
def test_a_bad_call_is_answered_with_its_error(device: Device, bench: Bench, csms: Csms, text: str, code: str) -> None:
    """An invalid call with a readable id gets the CALLERROR of OCPP-J section 4.2.3, and has no other effect."""
    csms.send_raw(text)
    error = bench.timeline.expect(
        OcppFrame, lambda f: f.direction == "received" and f.unique_id == "bad", what="a CALLERROR"
    )
    assert error.message_type == "CALLERROR"
    assert error.payload["code"] in code.split("|")
    assert error.error == ""
    stays_connected(bench, csms)


def test_a_call_that_is_nested_too_deep_is_answered(device: Device, bench: Bench, csms: Csms) -> None:
    """A CALL with a readable id that is nested too deep gets FormationViolation."""
    csms.send_raw(f'[2,"deep","Reset",{"[" * 500}{"]" * 500}]')
    answer = bench.timeline.expect(OcppFrame, lambda f: f.direction == "received" and f.unique_id == "deep")
    assert (answer.message_type, answer.payload["code"]) == ("CALLERROR", "FormationViolation")
    stays_connected(bench, csms)


@pytest.mark.smoke
def test_calls_in_a_row_are_answered_in_their_order(device: Device, bench: Bench, csms: Csms) -> None:
    """Fifty calls sent before the first answer get fifty answers in order."""
    for number in range(50):
        csms.send_raw(f'[2,"call-{number}","RemoteStopTransaction",{{"transactionId":987654}}]')
    last = bench.timeline.expect(OcppFrame, lambda f: f.direction == "received" and f.unique_id == "call-49")
    assert last.payload == {"status": "Rejected"}
    assert [frame.unique_id for frame in answers(bench)] == [f"call-{number}" for number in range(50)]


@pytest.mark.needs("power")
def test_the_device_answers_while_its_own_call_is_open(device: Device, bench: Bench, csms: Csms) -> None:
    """The device answers a call that comes before the response to its BootNotification.

    Until then it may send no request (OCPP 1.6 section 4.2), but only a Rejected forbids it to answer one.
    """
    with csms.hold("BootNotification") as held, device.expecting_reboot():
        bench.power.cycle()
        held.wait()
        csms.send_raw('[2,"early","GetConfiguration",{"key":["HeartbeatInterval"]}]')
        answer = bench.timeline.expect(OcppFrame, lambda f: f.direction == "received" and f.unique_id == "early")
        assert answer.message_type == "CALLRESULT"
        assert [entry["key"] for entry in answer.payload["configurationKey"]] == ["HeartbeatInterval"]
        assert answer.error == ""
        held.release()
    device.wait_status(accepted=True)
    csms.expect_none("BootNotification", since=bench.mark(), within=0.3)


@pytest.mark.smoke
@pytest.mark.needs("inputs")
def test_only_one_call_of_the_device_is_open_at_a_time(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """While a call is unanswered the device sends no other, even when the connector changes (OCPP-J section 4.1.1)."""
    with csms.hold("StatusNotification") as held:
        driver.plug_in()
        held.wait()
        mark = bench.mark()
        driver.present_tag()
        driver.unplug()
        driver.plug_in()
        device.status()  # the device has handled all inputs,
        csms.ping()  # and its frames before the pong have arrived
        sent = bench.timeline.events(
            OcppFrame, mark, lambda frame: frame.direction == "received" and frame.message_type == "CALL"
        )
        assert sent == []
    csms.expect("Authorize")


@pytest.mark.needs("inputs")
def test_a_late_answer_after_a_reconnect_is_accepted_once(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """StartTransaction is answered on the next connection, twice: the first answer is accepted, the second ignored."""
    with csms.hold("StartTransaction") as held:
        driver.plug_in()
        driver.present_tag()
        first = held.wait()
        with bench.inject(ConnectionDrop()):
            csms.expect_disconnected()
        csms.expect_connected()
        again = held.wait()
        assert again.payload == first.payload
        held.release()
    driver.draw(5).wait()
    driver.present_tag()
    csms.expect("StopTransaction")
    hasty_device.wait_status(queue=0)
    (transaction,) = csms.transactions
    transaction.check()
    assert len(transaction.stops) == 1


@pytest.mark.needs("inputs")
def test_an_answer_that_comes_twice_changes_nothing(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, console: Console
) -> None:
    """A second answer to StartTransaction is ignored: the Blocked in it does not end the charge."""
    transaction_id = driver.start_charge(csms)
    start = csms.transactions[0].starts[0]
    csms.send_raw(f'[3,"{start.unique_id}",{{"transactionId":{transaction_id},"idTagInfo":{{"status":"Blocked"}}}}]')
    console.expect("an answer without an open request is ignored")
    assert device.status()["transaction"] == transaction_id
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=transaction_id)


@pytest.mark.needs("inputs")
def test_a_result_without_an_object_fails_only_its_call(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, console: Console
) -> None:
    """A response payload that is no object fails the Authorize: the driver may not charge, but may try again."""
    with csms.hold("Authorize") as held:
        driver.plug_in()
        driver.present_tag()
        csms.send_raw(f'[3,"{held.wait().unique_id}",null]')
        console.expect("Authorize was answered with")
    csms.expect_none("StartTransaction", within=0.2)
    driver.present_tag()
    csms.expect("StartTransaction")
