"""RemoteStartTransaction (OCPP 1.6 section 5.11): in every state, with every tag."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.instruments.outputs import Outputs
from tests.hil.configuration_keys import ConfigurationKeys

pytestmark = pytest.mark.needs("inputs")

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


@pytest.mark.usefixtures("table_of_states")
@pytest.mark.parametrize("connector", [{"connectorId": 1}, {}], ids=["connector-1", "any-connector"])
def test_remote_start_before_the_cable(device: Device, driver: EvDriver, csms: Csms, connector: dict[str, int]) -> None:
    """Accepted while nobody is plugged in: Preparing, and the transaction begins with the cable."""
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
    """Nobody plugs in within ConnectionTimeOut: Available again, and a cable that comes later starts nothing."""
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
    """Without connectorId the charge point chooses: it has one."""
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE"}) == ACCEPTED
    csms.expect("StartTransaction", idTag="REMOTE", connectorId=1)


def test_remote_start_of_connector_0_starts_nothing(device: Device, driver: EvDriver, csms: Csms) -> None:
    """connectorId must be above 0 (OCPP 1.6 section 6.33): Rejected, for to the schema any integer is well-formed."""
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 0}) == REJECTED
    csms.expect_none("StartTransaction", within=0.3)


def test_remote_start_of_a_connector_that_is_not_there_is_rejected(
    device: Device, driver: EvDriver, csms: Csms
) -> None:
    """There is no connector 7."""
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 7}) == REJECTED
    csms.expect_none("StartTransaction", within=0.3)


def test_remote_start_while_charging_is_rejected(device: Device, driver: EvDriver, csms: Csms) -> None:
    """One connector, one transaction: the running one goes on."""
    transaction_id = driver.start_charge(csms)
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == REJECTED
    csms.expect_none("StopTransaction", within=0.3)
    assert device.status()["transaction"] == transaction_id


def test_remote_start_while_another_is_waiting_is_rejected(device: Device, driver: EvDriver, csms: Csms) -> None:
    """The first user has a minute to plug in; nobody takes the place away."""
    assert csms.call("RemoteStartTransaction", {"idTag": "FIRST", "connectorId": 1}) == ACCEPTED
    assert csms.call("RemoteStartTransaction", {"idTag": "SECOND", "connectorId": 1}) == REJECTED
    driver.plug_in()
    csms.expect("StartTransaction", idTag="FIRST")


@pytest.mark.smoke
@pytest.mark.needs("inputs.emergency_stop")
def test_remote_start_under_an_emergency_stop_is_rejected(device: Device, driver: EvDriver, csms: Csms) -> None:
    """Faulted: nothing starts, also not when the stop is released."""
    driver.press_emergency_stop()
    csms.expect_status("Faulted")
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == REJECTED
    driver.release_emergency_stop()
    driver.plug_in()
    csms.expect_none("StartTransaction", within=0.3)


@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_remote_start_of_a_tag_that_the_csms_then_refuses(
    device: Device, driver: EvDriver, csms: Csms, outputs: Outputs, status: str
) -> None:
    """AuthorizeRemoteTxRequests false: refused in the answer to StartTransaction, it is stopped with DeAuthorized."""
    csms.answer("StartTransaction", {"transactionId": 4711, "idTagInfo": {"status": status}})
    driver.plug_in()
    csms.expect_status("Preparing")
    assert csms.call("RemoteStartTransaction", {"idTag": "STOLEN", "connectorId": 1}) == ACCEPTED
    csms.expect("StartTransaction")
    csms.expect("StopTransaction", reason="DeAuthorized", transactionId=4711)
    csms.expect_none("Authorize", within=0.2)
    outputs["contactor"].expect(False)
    outputs["contactor"].expect_steady(False, within=0.1)
    # The cable waits for a tag that nobody here has (section 3.5.4): the operator lets go of it.
    assert csms.call("UnlockConnector", {"connectorId": 1}) == {"status": "Unlocked"}


def test_remote_start_asks_about_the_tag_where_it_must(
    device: Device, driver: EvDriver, csms: Csms, keys: ConfigurationKeys
) -> None:
    """AuthorizeRemoteTxRequests true: Authorize first, and the transaction when it is Accepted."""
    assert keys.change("AuthorizeRemoteTxRequests", "true") == "Accepted"
    driver.plug_in()
    csms.expect_status("Preparing")
    with csms.hold("Authorize") as held:
        assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == ACCEPTED
        assert held.wait().payload == {"idTag": "REMOTE"}
        csms.expect_none("StartTransaction", within=0.2)
    csms.expect("StartTransaction", idTag="REMOTE")


def test_the_answer_about_a_tag_that_is_gone_is_none_about_the_next(
    device: Device, driver: EvDriver, csms: Csms, keys: ConfigurationKeys
) -> None:
    """An Authorize is unanswered, its session is over, and a remote start asks anew: each has its own answer."""
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


def test_remote_start_of_a_tag_that_is_asked_about_and_refused(
    device: Device, driver: EvDriver, csms: Csms, keys: ConfigurationKeys
) -> None:
    """AuthorizeRemoteTxRequests true, and Authorize says Blocked: nothing begins."""
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
    """While the CSMS has not accepted the device nothing is started for it (OCPP 1.6 section 4.2)."""
    driver.plug_in()
    csms.answer("BootNotification", {"status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": 1}, 1)
    with device.expecting_reboot():
        bench.power.cycle()
        csms.expect("BootNotification")
        assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE", "connectorId": 1}) == REJECTED
        csms.expect_none("StartTransaction", within=0.2)
    device.wait_accepted()
