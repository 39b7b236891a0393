"""BootNotification answered with Pending or Rejected (OCPP 1.6 section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rig.bench import Bench
from rig.csms import CallError, Csms
from rig.device import Device, EvDriver
from rig.timeline import Mark
from rig.timeline.events import OcppFrame
from rig.util.errors import ExpectationError

pytestmark = pytest.mark.needs("power")

INTERVAL_S = 45
"""The interval of the answers in seconds, long enough to observe the device within it."""
OWN_INTERVAL_S = 30
"""The device's own interval in seconds, for answers without one."""


def boot_answer(status: str, interval: int = INTERVAL_S) -> dict[str, Any]:
    """Build a BootNotification.conf."""
    return {"status": status, "currentTime": "2026-01-01T00:00:00Z", "interval": interval}


@pytest.fixture
def booting(device: Device, bench: Bench) -> Iterator[Device]:
    """Give a device that the test power-cycles; at the end it is accepted again."""
    with device.expecting_reboot():
        yield device
        if bench.csms.is_connected() and not device.status()["accepted"]:
            # A power cycle ends the interval of a Rejected, which may be long.
            bench.power.cycle()
    device.wait_accepted()


def sent_since(bench: Bench, mark: Mark) -> list[str]:
    """Return the actions of the device's calls since the mark."""
    calls = bench.timeline.events(OcppFrame, mark, lambda f: f.direction == "received" and f.message_type == "CALL")
    return [call.action for call in calls]


@pytest.mark.needs("stepped_time")
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_the_boot_is_repeated_after_the_interval(booting: Device, bench: Bench, csms: Csms, status: str) -> None:
    """BootNotification is resent after the interval, nothing else is sent before, and Accepted ends the wait."""
    csms.answer("BootNotification", boot_answer(status), times=2)
    bench.power.cycle()
    boots = [csms.expect("BootNotification", timeout=90) for _ in range(3)]
    gaps = [bench.clock.between(boots[n].t, boots[n + 1].t) for n in range(2)]
    assert gaps == [INTERVAL_S, INTERVAL_S]
    between = bench.timeline.events(OcppFrame, Mark(boots[0].id), lambda f: f.direction == "received")
    assert {f.action for f in between if f.id <= boots[2].id} == {"BootNotification"}
    csms.expect_status("Available", connector=0)
    csms.expect_status("Available", connector=1)


@pytest.mark.smoke
def test_while_pending_requests_are_answered(booting: Device, bench: Bench, csms: Csms) -> None:
    """A pending device answers the CSMS's requests, which may read and set configuration before it accepts."""
    csms.answer("BootNotification", boot_answer("Pending"), times=1)
    bench.power.cycle()
    csms.expect("BootNotification")
    assert csms.call("GetConfiguration", {"key": ["NumberOfConnectors"]})["configurationKey"][0]["value"] == "1"
    assert csms.call("ChangeConfiguration", {"key": "Colour", "value": "red"}) == {"status": "NotSupported"}
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE"}) == {"status": "Rejected"}


def test_while_pending_only_triggered_messages_are_sent(booting: Device, bench: Bench, csms: Csms) -> None:
    """A pending device sends only messages that TriggerMessage requests, the next BootNotification among them."""
    csms.answer("BootNotification", boot_answer("Pending"), times=1)
    mark = bench.mark()
    bench.power.cycle()
    csms.expect("BootNotification")
    csms.expect_none("StatusNotification", within=0.2)
    assert csms.call("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}) == {
        "status": "Accepted"
    }
    csms.expect_status("Available", connector=1)
    assert sent_since(bench, mark) == ["BootNotification", "StatusNotification"]
    assert csms.call("TriggerMessage", {"requestedMessage": "BootNotification"}) == {"status": "Accepted"}
    csms.expect("BootNotification")
    csms.expect_status("Available", connector=0)
    csms.expect_status("Available", connector=1)


@pytest.mark.needs("inputs")
def test_while_pending_a_cable_is_reported_later(booting: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """A cable plugged in while pending is not reported before Accepted; the status after it includes the cable."""
    csms.answer("BootNotification", boot_answer("Pending"), times=1)
    bench.power.cycle()
    csms.expect("BootNotification")
    driver.plug_in()
    csms.expect_none("StatusNotification", within=0.3)
    csms.call("TriggerMessage", {"requestedMessage": "BootNotification"})
    csms.expect_status("Preparing", connector=1)
    driver.unplug()


@pytest.mark.smoke
def test_while_rejected_nothing_is_sent_or_answered(booting: Device, bench: Bench, csms: Csms) -> None:
    """A rejected device is silent until the interval has passed, and answers no requests either."""
    csms.answer("BootNotification", boot_answer("Rejected"), times=1)
    mark = bench.mark()
    bench.power.cycle()
    csms.expect("BootNotification")
    with pytest.raises(ExpectationError, match="within"):
        csms.call("GetConfiguration", {}, timeout=0.5)
    csms.send_raw('[2,"malformed","Reset",[]]')
    booting.status()
    csms.expect_none("StatusNotification", within=0.2)
    sent = bench.timeline.events(OcppFrame, mark, lambda f: f.direction == "received")
    assert [f.action for f in sent] == ["BootNotification"]


@pytest.mark.needs("stepped_time")
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_a_lost_connection_does_not_shorten_the_interval(
    booting: Device, bench: Bench, csms: Csms, status: str
) -> None:
    """A reconnect within the interval does not lead to an early BootNotification."""
    csms.answer("BootNotification", boot_answer(status), times=1)
    bench.power.cycle()
    first = csms.expect("BootNotification")
    csms.close(1001)
    csms.expect_connected(timeout=20)
    second = csms.expect("BootNotification", timeout=90)
    assert bench.clock.between(first.t, second.t) == INTERVAL_S


@pytest.mark.needs("stepped_time")
def test_an_interval_of_0_leaves_the_choice_to_the_device(booting: Device, bench: Bench, csms: Csms) -> None:
    """Pending without an interval: the device retries after an interval of its own, not at once."""
    csms.answer("BootNotification", boot_answer("Pending", 0), times=1)
    bench.power.cycle()
    first = csms.expect("BootNotification")
    second = csms.expect("BootNotification", timeout=90)
    assert bench.clock.between(first.t, second.t) == OWN_INTERVAL_S


@pytest.mark.needs("stepped_time")
def test_a_boot_that_is_answered_with_an_error_is_repeated(booting: Device, bench: Bench, csms: Csms) -> None:
    """A BootNotification that is answered with a CALLERROR is resent after a pause until a response accepts it."""
    csms.answer("BootNotification", CallError("InternalError", "not now"), times=2)
    bench.power.cycle()
    boots = [csms.expect("BootNotification", timeout=90) for _ in range(3)]
    booting.wait_status(accepted=True, timeout=30)
    assert [bench.clock.between(boots[n].t, boots[n + 1].t) for n in range(2)] == [OWN_INTERVAL_S, OWN_INTERVAL_S]


def test_a_later_rejection_silences_the_device(booting: Device, bench: Bench, csms: Csms) -> None:
    """After a triggered BootNotification is Rejected the device sends nothing more."""
    csms.answer("BootNotification", boot_answer("Rejected"), times=1)
    csms.call("TriggerMessage", {"requestedMessage": "BootNotification"})
    csms.expect("BootNotification")
    booting.wait_status(accepted=False)
    with pytest.raises(ExpectationError, match="within"):
        csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"}, timeout=0.3)
    csms.expect_none("Heartbeat", within=0.1)
    bench.power.cycle()
