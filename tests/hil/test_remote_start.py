"""RemoteStartTransaction (OCPP 1.6 section 5.11) in each state, with each authorization of the idTag."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import ConfigurationKeys, Csms
from rig.device import Device, EvDriver
from rig.instruments.outputs import Outputs

pytestmark = pytest.mark.needs("inputs")

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


@pytest.mark.usefixtures("table_of_states")
@pytest.mark.parametrize("connector", [{"connectorId": 1}, {}], ids=["connector-1", "any-connector"])
def test_remote_start_before_the_cable(device: Device, driver: EvDriver, csms: Csms, connector: dict[str, int]) -> None:
    """Accepted before a cable is plugged in: Preparing, and the transaction begins with the cable."""
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE"} | connector) == ACCEPTED
    csms.expect_status("Preparing")
    csms.expect_none("StartTransaction", within=0.2)
    driver.plug_in()
    csms.expect("StartTransaction", idTag="REMOTE", connectorId=1)
    csms.expect_status("Charging")


@pytest.mark.needs("stepped_time")
@pytest.mark.usefixtures("table_of_states")
def test_remote_start_waits_for_the_cable_until_the_connection_time_out(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Without a cable within ConnectionTimeOut: Available again, and a later cable starts nothing."""
    device.configure(connection_timeout_s=20)
    mark = bench.mark()
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == ACCEPTED
    began = csms.expect_status("Preparing")
    ended = csms.expect_status("Available", since=mark, timeout=60)
    assert bench.clock.between(began.t, ended.t) == 20
    driver.plug_in()
    csms.expect_status("Preparing")
    csms.expect_none("StartTransaction", within=0.3)


@pytest.mark.smoke
def test_remote_start_without_a_connector(device: Device, driver: EvDriver, csms: Csms) -> None:
    """Without connectorId the charge point chooses its only connector."""
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE"}) == ACCEPTED
    csms.expect("StartTransaction", idTag="REMOTE", connectorId=1)


def test_remote_start_of_connector_0_starts_nothing(device: Device, driver: EvDriver, csms: Csms) -> None:
    """connectorId 0 is valid by the schema but must be above 0 (OCPP 1.6 section 6.33): Rejected."""
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 0}) == REJECTED
    csms.expect_none("StartTransaction", within=0.3)


def test_remote_start_of_an_unknown_connector_is_rejected(device: Device, driver: EvDriver, csms: Csms) -> None:
    """Connector 7 does not exist: Rejected."""
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 7}) == REJECTED
    csms.expect_none("StartTransaction", within=0.3)


def test_remote_start_while_charging_is_rejected(device: Device, driver: EvDriver, csms: Csms) -> None:
    """A remote start during a transaction is Rejected, and the transaction goes on."""
    transaction_id = driver.start_charge(csms)
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == REJECTED
    csms.expect_none("StopTransaction", within=0.3)
    assert device.status()["transaction"] == transaction_id


def test_remote_start_while_another_is_waiting_is_rejected(device: Device, driver: EvDriver, csms: Csms) -> None:
    """A second remote start is Rejected while the first one waits for its cable."""
    assert csms.call("RemoteStartTransaction", {"idTag": "FIRST", "connectorId": 1}) == ACCEPTED
    assert csms.call("RemoteStartTransaction", {"idTag": "SECOND", "connectorId": 1}) == REJECTED
    driver.plug_in()
    csms.expect("StartTransaction", idTag="FIRST")


@pytest.mark.smoke
@pytest.mark.needs("inputs.emergency_stop")
def test_remote_start_under_an_emergency_stop_is_rejected(device: Device, driver: EvDriver, csms: Csms) -> None:
    """Faulted: a remote start is Rejected, and nothing starts when the emergency stop is released."""
    driver.press_emergency_stop()
    csms.expect_status("Faulted")
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == REJECTED
    driver.release_emergency_stop()
    driver.plug_in()
    csms.expect_none("StartTransaction", within=0.3)


@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_remote_start_with_a_rejected_start(
    device: Device, driver: EvDriver, csms: Csms, outputs: Outputs, status: str
) -> None:
    """AuthorizeRemoteTxRequests false: StartTransaction.conf rejects, and DeAuthorized stops the charge."""
    csms.answer("StartTransaction", {"transactionId": 4711, "idTagInfo": {"status": status}})
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("RemoteStartTransaction", {"idTag": "STOLEN", "connectorId": 1}) == ACCEPTED
    csms.expect("StartTransaction")
    csms.expect("StopTransaction", reason="DeAuthorized", transactionId=4711)
    csms.expect_none("Authorize", within=0.2)
    outputs["contactor"].expect(False)
    outputs["contactor"].expect_steady(False, within=0.1)
    # The lock waits for the rejected tag (section 3.5.4): UnlockConnector releases the cable.
    assert csms.call("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}


def test_remote_start_authorizes_the_tag_where_configured(
    device: Device, driver: EvDriver, csms: Csms, keys: ConfigurationKeys
) -> None:
    """AuthorizeRemoteTxRequests true: Authorize is sent first, and an Accepted starts the transaction."""
    assert keys.change("AuthorizeRemoteTxRequests", "true") == "Accepted"
    driver.plug_in()
    csms.expect_status("Preparing")
    with csms.hold("Authorize") as held:
        assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == ACCEPTED
        assert held.wait().payload == {"idTag": "REMOTE"}
        csms.expect_none("StartTransaction", within=0.2)
    csms.expect("StartTransaction", idTag="REMOTE")


def test_a_late_authorize_answer_does_not_authorize_the_next_tag(
    device: Device, driver: EvDriver, csms: Csms, keys: ConfigurationKeys
) -> None:
    """A late answer to the Authorize of an ended session does not authorize the remote start that follows."""
    assert keys.change("AuthorizeRemoteTxRequests", "true") == "Accepted"
    driver.plug_in()
    csms.expect_status("Preparing")
    with csms.hold("Authorize") as held:
        driver.present_tag()
        local = held.wait().payload["idTag"]
        assert csms.call("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}
        assert csms.call("RemoteStartTransaction", {"idTag": "STRANGER", "connectorId": 1}) == ACCEPTED
        held.release({"idTagInfo": {"status": "Accepted"}})
        assert held.wait().payload["idTag"] == "STRANGER" != local
        csms.expect_none("StartTransaction", within=0.3)
        held.release({"idTagInfo": {"status": "Blocked"}})
        csms.expect_none("StartTransaction", within=0.2)


def test_remote_start_with_a_rejected_authorize(
    device: Device, driver: EvDriver, csms: Csms, keys: ConfigurationKeys
) -> None:
    """AuthorizeRemoteTxRequests true, and Authorize is answered Blocked: nothing starts."""
    assert keys.change("AuthorizeRemoteTxRequests", "true") == "Accepted"
    with csms.answer("Authorize", {"idTagInfo": {"status": "Blocked"}}):
        driver.plug_in()
        assert csms.call("RemoteStartTransaction", {"idTag": "STOLEN", "connectorId": 1}) == ACCEPTED
        csms.expect("Authorize", idTag="STOLEN")
        csms.expect_none("StartTransaction", within=0.3)


@pytest.mark.needs("power")
def test_remote_start_before_the_boot_is_accepted_is_rejected(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A remote start is Rejected before BootNotification is accepted (OCPP 1.6 section 4.2)."""
    driver.plug_in()
    csms.answer("BootNotification", {"status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": 1}, 1)
    with device.expecting_reboot():
        bench.power.cycle()
        csms.expect("BootNotification")
        assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == REJECTED
        csms.expect_none("StartTransaction", within=0.2)
    device.wait_accepted()
