"""The authorization cache (OCPP 1.6 section 3.5.1), ClearCache, and charging without a CSMS."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from rig.bench import Bench
from rig.csms import CallErrorReceived, Csms
from rig.device import Device, EvDriver
from rig.faults import CsmsGone

pytestmark = pytest.mark.needs("inputs")

ACCEPTED = {"status": "Accepted"}


@pytest.fixture
def caching_device(device: Device) -> Device:
    """Configure an authorization cache and an immediate start for idTags in it."""
    device.configure(authorization_cache_enabled=True, local_pre_authorize=True)
    return device


@pytest.fixture
def strict_device(device: Device) -> Device:
    """Configure the device so that offline only idTags that its authorization cache accepts may charge."""
    device.configure(authorization_cache_enabled=True, allow_offline_tx_for_unknown_id=False)
    return device


def charge_once(driver: EvDriver, csms: Csms) -> None:
    """Make a whole charge with the local idTag and unplug the cable."""
    driver.start_charge(csms)
    driver.present_tag()
    csms.expect("StopTransaction")
    driver.unplug()
    csms.expect_status("Available")


@pytest.mark.smoke
def test_a_known_tag_starts_without_authorize(caching_device: Device, driver: EvDriver, csms: Csms) -> None:
    """LocalPreAuthorize: the first charge asks the CSMS, the second one starts from the cache."""
    charge_once(driver, csms)
    csms.expect("Authorize")
    driver.start_charge(csms)
    csms.expect_none("Authorize", within=0.1)


@pytest.mark.needs("power")
def test_the_cache_survives_a_reboot(caching_device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """The cache is on flash: after a power cycle the idTag still starts at once."""
    charge_once(driver, csms)
    csms.expect("Authorize")
    with caching_device.expecting_reboot():
        bench.power.cycle()
        caching_device.wait_accepted()
    driver.start_charge(csms)
    csms.expect_none("Authorize", within=0.1)


def test_after_clear_cache_the_csms_is_asked_again(caching_device: Device, driver: EvDriver, csms: Csms) -> None:
    """After an accepted ClearCache the next charge asks the CSMS again."""
    charge_once(driver, csms)
    csms.expect("Authorize")
    assert csms.call("ClearCache", {}) == ACCEPTED
    driver.start_charge(csms)
    csms.expect("Authorize")


@pytest.mark.needs("power")
def test_a_cleared_cache_stays_clear_over_a_power_cut(
    caching_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """Accepted means erased from flash: after a power cut at the answer the cache is still empty."""
    charge_once(driver, csms)
    csms.expect("Authorize")
    with caching_device.expecting_reboot():
        assert csms.call("ClearCache", {}) == ACCEPTED
        bench.power.cycle()
        caching_device.wait_accepted()
    driver.start_charge(csms)
    csms.expect("Authorize")


def test_an_expired_tag_is_authorized_again(caching_device: Device, driver: EvDriver, csms: Csms) -> None:
    """An idTag whose expiryDate is past by the CSMS's clock is not authorized from the cache."""
    past = (datetime.fromisoformat(csms.behaviour.current_time()) - timedelta(days=1)).isoformat()
    info = {"idTagInfo": {"status": "Accepted", "expiryDate": past}}
    with csms.answer("Authorize", info), csms.answer("StartTransaction", {"transactionId": 77, **info}):
        driver.plug_in()
        driver.present_tag()
        csms.expect("Authorize")
        csms.expect("StartTransaction")
        driver.unplug()
        csms.expect("StopTransaction")
        csms.expect_status("Available")
        driver.plug_in()
        driver.present_tag()
        csms.expect("Authorize")


def test_a_cache_that_is_off_cannot_be_cleared(device: Device, driver: EvDriver, csms: Csms) -> None:
    """With AuthorizationCacheEnabled false ClearCache is Rejected, and each charge asks the CSMS."""
    assert csms.call("ClearCache", {}) == {"status": "Rejected"}
    charge_once(driver, csms)
    csms.expect("Authorize")
    driver.start_charge(csms)
    csms.expect("Authorize")


@pytest.mark.smoke
def test_offline_a_known_tag_charges(strict_device: Device, bench: Bench, driver: EvDriver, csms: Csms) -> None:
    """LocalAuthorizeOffline true: an idTag that the CSMS accepted earlier may charge offline."""
    charge_once(driver, csms)
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        strict_device.wait_status(state="Charging")


def test_offline_a_known_tag_does_not_charge_where_forbidden(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """LocalAuthorizeOffline false: no idTag may charge offline, not even one in the cache."""
    device.configure(
        authorization_cache_enabled=True, allow_offline_tx_for_unknown_id=False, local_authorize_offline=False
    )
    charge_once(driver, csms)
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        bench.console.expect("may not charge, the authorization cache has it as Accepted")
        assert device.status()["transaction"] is None


def test_offline_an_unknown_tag_does_not_charge(
    strict_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """AllowOfflineTxForUnknownId false: an idTag that is not in the cache may not charge offline."""
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        bench.console.expect("may not charge, the authorization cache has it as unknown")
        assert strict_device.status()["transaction"] is None


@pytest.mark.parametrize("expiry", ["2025/01/01", "01.01.2099", 4102444800, True])
def test_offline_a_tag_whose_expiry_date_cannot_be_read_does_not_charge(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, expiry: object
) -> None:
    """An accepted idTag with an invalid expiryDate charges online, but never from the cache."""
    device.configure(authorization_cache_enabled=True)
    info = {"idTagInfo": {"status": "Accepted", "expiryDate": expiry}}
    with (
        csms.answer("Authorize", info, check=False),
        csms.answer("StartTransaction", {"transactionId": 79, **info}, check=False),
        csms.answer("StopTransaction", info, check=False),
    ):
        driver.plug_in()
        driver.present_tag()
        csms.expect_status("Charging")
        driver.present_tag()
        csms.expect("StopTransaction")
        driver.unplug()
        csms.expect_status("Available")
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        bench.console.expect("may not charge, the authorization cache has it as Expired")
        assert device.status()["transaction"] is None


@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid"])
def test_offline_a_tag_that_was_rejected_does_not_charge(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, status: str
) -> None:
    """An idTag that the CSMS rejected may not charge offline, even where unknown idTags may."""
    device.configure(authorization_cache_enabled=True)
    with csms.answer("Authorize", {"idTagInfo": {"status": status}}):
        driver.plug_in()
        driver.present_tag()
        csms.expect("Authorize")
        device.wait_status(queue=0)
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.present_tag()
        bench.console.expect(f"may not charge, the authorization cache has it as {status}")
        assert device.status()["transaction"] is None


def test_the_cache_learns_from_start_transaction_too(
    caching_device: Device, bench: Bench, driver: EvDriver, csms: Csms
) -> None:
    """A block in StartTransaction.conf replaces an older Accepted in the cache."""
    charge_once(driver, csms)
    csms.expect("Authorize")
    with csms.answer("StartTransaction", {"transactionId": 78, "idTagInfo": {"status": "Blocked"}}):
        driver.plug_in()
        driver.present_tag()
        csms.expect("StartTransaction")
        csms.expect("StopTransaction", reason="DeAuthorized")
    driver.present_tag()  # a rejected idTag releases the cable (OCPP 1.6 section 3.5.4)
    driver.unplug()
    csms.expect_status("Available")
    driver.plug_in()
    driver.present_tag()
    csms.expect("Authorize")


def test_a_full_cache_evicts_the_least_recent_tag(caching_device: Device, driver: EvDriver, csms: Csms) -> None:
    """A full cache evicts the idTag that the CSMS mentioned least recently; here sixteen others are one too many."""

    def strangers_charge(numbers: range) -> None:
        for number in numbers:
            driver.plug_in()
            assert csms.call("RemoteStartTransaction", {"connectorId": 1, "idTag": f"STRANGER{number}"}) == ACCEPTED
            csms.expect("StartTransaction", idTag=f"STRANGER{number}")
            driver.unplug()
            csms.expect("StopTransaction")
            csms.expect_status("Available")

    charge_once(driver, csms)
    csms.expect("Authorize")
    strangers_charge(range(8))
    charge_once(driver, csms)
    strangers_charge(range(8, 16))
    driver.start_charge(csms)
    csms.expect_none("Authorize", within=0.1)


def test_a_malformed_clear_cache_is_answered_with_an_error(device: Device, csms: Csms) -> None:
    """A ClearCache with fields is answered with a CALLERROR, because ClearCache has no fields."""
    with pytest.raises(CallErrorReceived) as rejected:
        csms.call("ClearCache", {"all": True}, check=False)
    assert rejected.value.code == "FormationViolation"
