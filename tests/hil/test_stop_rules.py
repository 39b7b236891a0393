"""The events that end a transaction, by the configuration keys of OCPP 1.6 section 9.1, and by whose idTag."""

from __future__ import annotations

from typing import Any

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.instruments.outputs import Outputs

pytestmark = [pytest.mark.needs("inputs", "outputs"), pytest.mark.usefixtures("table_of_states")]

TAG = "BENCH-TAG"
GROUP = {"idTagInfo": {"status": "Accepted", "parentIdTag": "FAMILY"}}
OTHER_GROUP = {"idTagInfo": {"status": "Accepted", "parentIdTag": "NEIGHBOURS"}}


def start_for(csms: Csms, driver: EvDriver, tag: str) -> int:
    """Plug in and start a charge for `tag` by the CSMS. Return the transactionId."""
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("RemoteStartTransaction", {"idTag": tag, "connectorId": 1}) == {"status": "Accepted"}
    csms.expect("StartTransaction", idTag=tag)
    csms.expect_status("Charging")
    transaction_id = csms.transactions[-1].transaction_id
    assert transaction_id is not None
    return transaction_id


def start_rejected(csms: Csms, driver: EvDriver) -> None:
    """Start a charge whose StartTransaction the CSMS rejects, and wait for its end."""
    with csms.answer("StartTransaction", {"transactionId": 4711, "idTagInfo": {"status": "Invalid"}}):
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction")
        csms.expect("StopTransaction", transactionId=4711, reason="DeAuthorized")


# ---- the cable


@pytest.mark.smoke
def test_unplugged_and_plugged_in_again_is_one_transaction(
    device: Device, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """StopTransactionOnEVSideDisconnect false: SuspendedEV, locked and without current, then the charge goes on."""
    device.configure(stop_transaction_on_ev_side_disconnect=False)
    transaction_id = driver.start_charge(csms)
    driver.draw(10).wait()
    driver.unplug()
    outputs["contactor"].expect(False)
    csms.expect_status("SuspendedEV", info="EV side disconnected")
    # Section 4.10: UnlockConnectorOnEVSideDisconnect does not apply then.
    outputs["lock"].expect_steady(True, within=0.3)
    csms.expect_none("StopTransaction", within=0.1)
    driver.plug_in()
    csms.expect_status("Charging")
    driver.draw(10).wait()
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=transaction_id, reason="Local")
    (transaction,) = csms.transactions
    transaction.check()
    assert transaction.energy_wh == 20


def test_unplugged_and_stopped_by_the_tag(device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """StopTransactionOnEVSideDisconnect false: the driver's idTag ends the unplugged charge and frees the connector."""
    device.configure(stop_transaction_on_ev_side_disconnect=False)
    transaction_id = driver.start_charge(csms)
    driver.unplug()
    csms.expect_status("SuspendedEV")
    mark = bench.mark()
    driver.present_tag()
    csms.expect("StopTransaction", transactionId=transaction_id, reason="Local", idTag=TAG)
    csms.expect_status("Available", since=mark)


def test_the_cable_stays_locked_until_the_same_tag_is_presented(
    device: Device, bench: Bench, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """UnlockConnectorOnEVSideDisconnect false: after unplugging at the vehicle the same idTag opens the lock."""
    device.configure(unlock_connector_on_ev_side_disconnect=False)
    driver.start_charge(csms)
    outputs["lock"].expect(True)
    driver.unplug()
    csms.expect("StopTransaction", reason="EVDisconnected")
    csms.expect_status("Finishing", info="EV side disconnected")
    outputs["lock"].expect_steady(True, within=0.3)
    mark = bench.mark()
    driver.present_tag()
    outputs["lock"].expect(False)
    csms.expect_status("Available", since=mark)


def test_the_cable_is_released_at_once_by_default(
    device: Device, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """UnlockConnectorOnEVSideDisconnect true: unplugging at the vehicle opens the lock."""
    driver.start_charge(csms)
    outputs["lock"].expect(True)
    driver.unplug()
    outputs["lock"].expect(False)
    csms.expect_status("Available")


# ---- an idTag that StartTransaction.conf rejects


def test_a_rejected_start_stops_at_once(device: Device, driver: EvDriver, outputs: Outputs, csms: Csms) -> None:
    """StopTransactionOnInvalidId true, MaxEnergyOnInvalidId 0: StopTransaction with DeAuthorized."""
    start_rejected(csms, driver)
    outputs["contactor"].expect(False)
    outputs["contactor"].expect_steady(False, within=0.2)
    csms.expect_status("Finishing")


@pytest.mark.parametrize("answer", [{"transactionId": None}, {"transactionId": "one"}, {}])
def test_a_rejected_start_without_a_transaction_id_stops_at_once(
    device: Device, driver: EvDriver, outputs: Outputs, csms: Csms, answer: dict[str, Any]
) -> None:
    """A rejection without transactionId stops the charge; StartTransaction is resent to get the id for the stop."""
    device.configure(transaction_message_retry_interval_s=1)
    rejection = {**answer, "idTagInfo": {"status": "Invalid"}}
    with csms.answer("StartTransaction", rejection, times=1, check=False):
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction")
        csms.expect_status("Finishing")
    outputs["contactor"].expect(False)
    csms.expect("StartTransaction")
    csms.expect("StopTransaction", reason="DeAuthorized")
    assert csms.transactions[-1].energy_wh == 0


def test_a_rejected_tag_releases_its_cable(
    device: Device, bench: Bench, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """Section 3.5.4: the cable stays locked until the rejected idTag is presented again."""
    start_rejected(csms, driver)
    outputs["lock"].expect(True)
    outputs["lock"].expect_steady(True, within=0.3)
    driver.unplug()
    csms.expect_status("Finishing", info="EV side disconnected")
    mark = bench.mark()
    driver.present_tag()
    outputs["lock"].expect(False)
    csms.expect_status("Available", since=mark)
    csms.expect_none("Authorize", within=0.2, since=mark)


def test_unlock_releases_the_cable_of_a_rejected_tag(
    device: Device, bench: Bench, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """Section 3.5.4: UnlockConnector releases the cable of a rejected idTag, and another charge may follow."""
    start_rejected(csms, driver)
    outputs["lock"].expect(True)
    assert csms.call("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
    outputs["lock"].expect(False)
    driver.unplug()
    csms.expect_status("Available")
    driver.start_charge(csms)


def test_a_rejected_start_may_charge_up_to_the_limit(
    device: Device, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """MaxEnergyOnInvalidId: the vehicle gets that much energy, then the charge is stopped with DeAuthorized."""
    device.configure(max_energy_on_invalid_id_wh=50)
    with csms.answer("StartTransaction", {"transactionId": 4712, "idTagInfo": {"status": "Expired"}}):
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction")
    outputs["contactor"].expect(True)
    csms.expect_status("Charging")
    driver.draw(49).wait()
    csms.expect_none("StopTransaction", within=0.3)
    driver.draw(1).wait()
    csms.expect("StopTransaction", transactionId=4712, reason="DeAuthorized")
    outputs["contactor"].expect(False)
    assert csms.transactions[-1].energy_wh == 50


def test_a_rejected_start_is_suspended_where_stopping_is_disabled(
    device: Device, bench: Bench, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """StopTransactionOnInvalidId false: SuspendedEVSE without energy, and unplugging ends the transaction."""
    device.configure(stop_transaction_on_invalid_id=False)
    with csms.answer("StartTransaction", {"transactionId": 4713, "idTagInfo": {"status": "Blocked"}}):
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction")
    csms.expect_status("SuspendedEVSE")
    outputs["contactor"].expect(False)
    outputs["contactor"].expect_steady(False, within=0.2)
    csms.expect_none("StopTransaction", within=0.2)
    # SuspendedEVSE takes precedence over SuspendedEV (section 4.9).
    mark = bench.mark()
    driver.rest()
    csms.expect_none("StatusNotification", within=0.2, since=mark)
    driver.unplug()
    csms.expect("StopTransaction", transactionId=4713, reason="EVDisconnected")


# ---- whose tag ends it


@pytest.mark.smoke
def test_a_tag_of_the_same_group_stops_it(device: Device, driver: EvDriver, csms: Csms) -> None:
    """parentIdTag: another idTag of the group ends the transaction, and is named in StopTransaction."""
    with csms.answer("StartTransaction", {"transactionId": 4714, **GROUP}), csms.answer("Authorize", GROUP):
        start_for(csms, driver, "CARD-OF-MOTHER")
        driver.present_tag()
        csms.expect("Authorize", idTag=TAG)
        csms.expect("StopTransaction", transactionId=4714, reason="Local", idTag=TAG)


def test_a_tag_of_another_group_does_not_stop_it(
    device: Device, driver: EvDriver, outputs: Outputs, csms: Csms
) -> None:
    """An idTag with another parentIdTag does not end the charge."""
    with csms.answer("StartTransaction", {"transactionId": 4715, **GROUP}), csms.answer("Authorize", OTHER_GROUP):
        start_for(csms, driver, "CARD-OF-MOTHER")
        outputs["contactor"].expect(True)
        driver.present_tag()
        csms.expect("Authorize", idTag=TAG)
        csms.expect_none("StopTransaction", within=0.3)
        outputs["contactor"].expect_steady(True, within=0.1)


def test_a_tag_without_group_does_not_stop_anothers_charge(device: Device, driver: EvDriver, csms: Csms) -> None:
    """Two idTags without parentIdTag are not a group."""
    start_for(csms, driver, "CARD-OF-A-STRANGER")
    driver.present_tag()
    csms.expect("Authorize", idTag=TAG)
    csms.expect_none("StopTransaction", within=0.3)


def test_a_blocked_tag_of_the_same_group_does_not_stop_it(device: Device, driver: EvDriver, csms: Csms) -> None:
    """A blocked idTag of the group does not end the charge."""
    blocked = {"idTagInfo": {"status": "Blocked", "parentIdTag": "FAMILY"}}
    with csms.answer("StartTransaction", {"transactionId": 4716, **GROUP}), csms.answer("Authorize", blocked):
        start_for(csms, driver, "CARD-OF-MOTHER")
        driver.present_tag()
        csms.expect("Authorize", idTag=TAG)
        csms.expect_none("StopTransaction", within=0.3)
