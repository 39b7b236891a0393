"""UnlockConnector (OCPP 1.6 section 5.18), the lock's output and its feedback."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.instruments.inputs import Inputs
from rig.instruments.outputs import Outputs
from rig.timeline.events import OcppFrame

pytestmark = pytest.mark.needs("inputs", "inputs.lock_feedback")

UNLOCK = {"connectorId": 1}


def is_answer(frame: OcppFrame) -> bool:
    """Return whether a frame is the answer to the raw call of this file."""
    return frame.direction == "received" and frame.unique_id == "unlock"


def test_unlock_of_a_connector_that_is_not_locked(device: Device, csms: Csms) -> None:
    """An unlocked connector answers Unlocked at once, and nothing else happens."""
    assert csms.call("UnlockConnector", UNLOCK) == {"status": "Unlocked"}
    csms.expect_none("StatusNotification", within=0.2)


@pytest.mark.smoke
def test_unlock_is_answered_when_the_lock_has_opened(device: Device, bench: Bench, inputs: Inputs, csms: Csms) -> None:
    """The answer Unlocked waits for lock_feedback to open."""
    inputs["lock_feedback"].on()
    mark = bench.mark()
    csms.send_raw('[2,"unlock","UnlockConnector",{"connectorId":1}]')
    device.status()
    assert not bench.timeline.events(OcppFrame, mark, is_answer)
    inputs["lock_feedback"].off()
    answer = bench.timeline.expect(OcppFrame, is_answer, since=mark, what="the answer to UnlockConnector")
    assert answer.payload == {"status": "Unlocked"}


@pytest.mark.needs("stepped_time")
def test_a_lock_that_does_not_open_is_unlock_failed(device: Device, bench: Bench, inputs: Inputs, csms: Csms) -> None:
    """A lock_feedback that stays locked leads to UnlockFailed within seconds."""
    inputs["lock_feedback"].on()
    assert csms.call("UnlockConnector", UNLOCK, timeout=30) == {"status": "UnlockFailed"}


@pytest.mark.needs("outputs")
def test_unlock_in_a_charge_stops_it_first(device: Device, driver: EvDriver, csms: Csms, outputs: Outputs) -> None:
    """The contactor opens, the transaction ends with reason UnlockCommand, and the lock opens."""
    transaction_id = driver.start_charge(csms)
    outputs["lock"].expect(True)
    assert csms.call("UnlockConnector", UNLOCK) == {"status": "Unlocked"}
    csms.expect("StopTransaction", transactionId=transaction_id, reason="UnlockCommand")
    outputs["contactor"].expect(False)
    outputs["lock"].expect(False)
    driver.unplug()
    csms.expect_status("Available", connector=1)


def test_after_an_unlock_the_same_cable_can_charge_again(device: Device, driver: EvDriver, csms: Csms) -> None:
    """After an unlock without unplugging the next idTag begins another transaction."""
    driver.start_charge(csms)
    assert csms.call("UnlockConnector", UNLOCK) == {"status": "Unlocked"}
    csms.expect("StopTransaction", reason="UnlockCommand")
    driver.present_tag()
    csms.expect("StartTransaction")
    csms.expect_status("Charging")


@pytest.mark.parametrize("connector", [0, 2])
def test_unlock_of_an_unknown_connector(device: Device, driver: EvDriver, csms: Csms, connector: int) -> None:
    """NotSupported, and the charge on connector 1 goes on."""
    transaction_id = driver.start_charge(csms)
    assert csms.call("UnlockConnector", {"connectorId": connector}) == {"status": "NotSupported"}
    csms.expect_none("StopTransaction", within=0.2)
    assert device.status()["transaction"] == transaction_id
