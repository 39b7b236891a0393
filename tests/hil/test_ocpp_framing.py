"""Frames that break OCPP-J 1.6 (section 4), and answers that come late, twice or wrong."""

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
    """It answers the next call as ever, on the connection that it had at the test's start."""
    assert csms.call("RemoteStopTransaction", UNKNOWN_TRANSACTION) == {"status": "Rejected"}
    assert bench.timeline.events(LinkChange, bench.timeline.default_mark) == []


def answers(bench: Bench) -> list[OcppFrame]:
    """The answers of the device since the test's start."""
    return bench.timeline.events(
        OcppFrame,
        bench.timeline.default_mark,
        lambda frame: frame.direction == "received" and frame.message_type != "CALL",
    )


@pytest.mark.parametrize(
    "text",
    ["hello", "[" * 500, '[2,7,"RemoteStopTransaction",{}]', '[3,"nobody-asked",{"status":"Accepted"}]'],
    ids=["no-json", "deep-arrays", "id-is-a-number", "a-result-nobody-asked-for"],
)
def test_a_frame_that_cannot_be_answered_is_ignored(
    device: Device, bench: Bench, csms: Csms, console: Console, text: str
) -> None:
    """No JSON, no array, no usable id, an unknown type, an answer that nobody asked for: logged and ignored."""
    csms.send_raw(text)
    console.expect(r"ocpp: (message ignored|an answer to no open request was ignored)")
    stays_connected(bench, csms)
    assert len(answers(bench)) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[2,"bad","NoSuchAction",{}]', "NotImplemented"),
        ('[2,"bad","ReserveNow",{}]', "NotSupported"),
        (f'[2,"bad","Reset",{"[" * 500}{"]" * 500}]', "FormationViolation"),
        ('[2,"bad","Reset",{"type":"Soft"}] and more', "FormationViolation"),
        ('[2,"bad","Reset",{}]', "OccurenceConstraintViolation"),
    ],
    ids=["unknown-action", "action-of-reservation", "nested-too-deep", "more-after-the-frame", "field-is-missing"],
)
def test_a_bad_call_is_answered_with_its_error(device: Device, bench: Bench, csms: Csms, text: str, code: str) -> None:
    """A call whose id can be read gets the CALLERROR of OCPP-J section 4.2.3, and nothing else happens."""
    csms.send_raw(text)
    error = bench.timeline.expect(
        OcppFrame, lambda f: f.direction == "received" and f.unique_id == "bad", what="a CALLERROR"
    )
    assert error.message_type == "CALLERROR"
    assert error.payload["code"] in code.split("|")
    assert error.error == ""
    stays_connected(bench, csms)


def test_without_a_local_list_its_answers_say_so(device: Device, csms: Csms) -> None:
    """OCPP 1.6 sections 5.10 and 5.15: version -1 and NotSupported, which are no errors."""
    assert csms.call("GetLocalListVersion", {}) == {"listVersion": -1}
    entries = [{"idTag": "TAG", "idTagInfo": {"status": "Accepted"}}]
    request = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": entries}
    assert csms.call("SendLocalList", request) == {"status": "NotSupported"}


@pytest.mark.smoke
def test_calls_in_a_row_are_answered_in_their_order(device: Device, bench: Bench, csms: Csms) -> None:
    """Fifty calls before the first answer: a CSMS that does not wait gets fifty answers, in order."""
    for number in range(50):
        csms.send_raw(f'[2,"call-{number}","RemoteStopTransaction",{{"transactionId":987654}}]')
    last = bench.timeline.expect(OcppFrame, lambda f: f.direction == "received" and f.unique_id == "call-49")
    assert last.payload == {"status": "Rejected"}
    assert [frame.unique_id for frame in answers(bench)] == [f"call-{number}" for number in range(50)]


@pytest.mark.needs("power")
def test_it_answers_while_its_own_call_is_open(device: Device, bench: Bench, csms: Csms) -> None:
    """The CSMS calls before it has answered BootNotification, as some do: it gets what it asked for.

    Until then the charge point may send no request (OCPP 1.6 section 4.2); only a Rejected forbids it to answer one.
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
    """OCPP-J section 4.1.1: while a call is unanswered no other is sent, whatever happens at the connector."""
    with csms.hold("StatusNotification") as held:
        driver.plug_in()
        held.wait()
        mark = bench.mark()
        driver.present_tag()
        driver.unplug()
        driver.plug_in()
        device.status()  # it has seen all of that,
        csms.ping()  # and what it has sent before its pong is here
        sent = bench.timeline.events(
            OcppFrame, mark, lambda frame: frame.direction == "received" and frame.message_type == "CALL"
        )
        assert sent == []
    csms.expect("Authorize")


@pytest.mark.needs("inputs")
def test_a_late_answer_after_a_reconnect_is_taken_or_ignored(
    hasty_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """The link is lost after StartTransaction was sent; its answer comes on the new connection, and then again."""
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
    """A second answer to StartTransaction, with another transactionId: the first one holds."""
    transaction_id = driver.start_charge(csms)
    start = csms.transactions[0].starts[0]
    csms.send_raw(
        f'[3,"{start.unique_id}",{{"transactionId":{transaction_id + 1000},"idTagInfo":{{"status":"Blocked"}}}}]'
    )
    console.expect("an answer to no open request was ignored")
    assert device.status()["transaction"] == transaction_id
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=transaction_id)


@pytest.mark.needs("inputs")
def test_a_result_without_an_object_fails_the_call_and_no_more(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, console: Console
) -> None:
    """Authorize answered with something that is no object: the driver may not charge, and may try again."""
    with csms.hold("Authorize") as held:
        driver.plug_in()
        driver.present_tag()
        csms.send_raw(f'[3,"{held.wait().unique_id}",null]')
        console.expect("Authorize was answered with")
    csms.expect_none("StartTransaction", within=0.2)
    driver.present_tag()
    csms.expect("StartTransaction")
