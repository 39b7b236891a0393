"""The Local Authorization List (OCPP 1.6 sections 3.5.2, 3.5.3, 5.10, 5.15), and charges that it decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rig.bench import Bench
from rig.csms import CallErrorReceived, Csms
from rig.device import Device, EvDriver
from rig.faults import AccessPointGone, CsmsGone

pytestmark = pytest.mark.needs("inputs")

TAG = "BENCH-TAG"


class LocalList:
    """The list of the device as the CSMS manages it."""

    def __init__(self, csms: Csms) -> None:
        self._csms = csms

    def send(self, update_type: str, version: int, **statuses: str | None) -> str:
        """Send entries, and removals where the status is None. Return the status of the answer."""
        entries = [
            {"idTag": tag} if status is None else {"idTag": tag, "idTagInfo": {"status": status}}
            for tag, status in statuses.items()
        ]
        request = {"listVersion": version, "updateType": update_type, "localAuthorizationList": entries}
        return str(self._csms.call("SendLocalList", request)["status"])

    def version(self) -> int:
        """Return the answer to GetLocalListVersion."""
        return int(self._csms.call("GetLocalListVersion", {})["listVersion"])


@pytest.fixture
def local_list(device: Device, csms: Csms) -> Iterator[LocalList]:
    """Yield the list, and empty it after the test."""
    yield LocalList(csms)
    device.wait_status(connected=True, accepted=True, timeout=60)
    csms.call("SendLocalList", {"listVersion": 1, "updateType": "Full"})


@pytest.mark.smoke
def test_an_empty_list_has_version_0(device: Device, csms: Csms, local_list: LocalList) -> None:
    """A full update without entries is Accepted, and version 0 means that the list is empty."""
    assert csms.call("SendLocalList", {"listVersion": 1, "updateType": "Full"}) == {"status": "Accepted"}
    assert local_list.version() == 0


def test_a_list_that_is_off_is_not_supported(device: Device, local_list: LocalList) -> None:
    """LocalAuthListEnabled false: version -1 and NotSupported, no errors."""
    device.configure(local_auth_list_enabled=False)
    assert local_list.version() == -1
    assert local_list.send("Full", 1, TAG="Accepted") == "NotSupported"
    device.configure(local_auth_list_enabled=True)


def test_versions_only_rise(device: Device, local_list: LocalList) -> None:
    """A differential update needs a higher version than the list has; a full one may have any."""
    assert local_list.send("Full", 2, A="Accepted") == "Accepted"
    assert local_list.version() == 2
    assert local_list.send("Differential", 5, B="Accepted") == "Accepted"
    assert local_list.version() == 5
    assert local_list.send("Differential", 4, C="Accepted") == "VersionMismatch"
    assert local_list.version() == 5
    assert local_list.send("Full", 1, A="Accepted") == "Accepted"
    assert local_list.version() == 1


def test_an_update_that_is_too_long_fails_and_changes_nothing(
    device: Device, csms: Csms, local_list: LocalList
) -> None:
    """More entries than SendLocalListMaxLength are Failed, a message beyond 8,192 bytes is an InternalError."""
    key = csms.call("GetConfiguration", {"key": ["SendLocalListMaxLength"]})["configurationKey"][0]
    most = int(key["value"])
    local_list.send("Full", 2, A="Accepted")
    assert local_list.send("Full", 3, **{f"TAG{n}": "Accepted" for n in range(most + 1)}) == "Failed"
    with pytest.raises(CallErrorReceived) as rejected:
        local_list.send("Full", 3, **{f"TAG-{n:016}": "ConcurrentTx" for n in range(3 * most)})
    assert rejected.value.code == "InternalError"
    assert local_list.version() == 2


def test_500_entries_are_kept_and_found(device: Device, bench: Bench, driver: EvDriver, local_list: LocalList) -> None:
    """LocalAuthListMaxLength entries, sent in parts, are there; one of them charges without an Authorize."""
    device.configure(local_pre_authorize=True)
    for part in range(10):
        entries = {f"TAG-{number:016}": "Accepted" for number in range(50 * part, 50 * part + 50)}
        if part == 9:
            entries.popitem()
            entries[TAG] = "Accepted"
        assert local_list.send("Full" if part == 0 else "Differential", part + 1, **entries) == "Accepted"
    assert local_list.send("Differential", 11, **{"ONE-TOO-MANY": "Accepted"}) == "Failed"
    assert local_list.version() == 10
    driver.plug_in()
    driver.present_tag()
    bench.console.expect(f"{TAG} is accepted by the local authorization list")


@pytest.mark.smoke
def test_a_listed_tag_starts_without_authorize(
    device: Device, driver: EvDriver, csms: Csms, local_list: LocalList
) -> None:
    """LocalPreAuthorize: a tag that the list accepts charges at once."""
    device.configure(local_pre_authorize=True)
    assert local_list.send("Full", 1, **{TAG: "Accepted"}) == "Accepted"
    driver.present_tag()
    csms.expect_status("Preparing")
    driver.plug_in()
    csms.expect("StartTransaction", idTag=TAG)
    csms.expect_status("Charging")
    csms.expect_none("Authorize", within=0.1)


@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid"])
def test_offline_a_listed_tag_that_is_not_valid_does_not_charge(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, local_list: LocalList, status: str
) -> None:
    """Offline the list decides, even where unknown idTags may charge and the cache has accepted the tag."""
    device.configure(authorization_cache_enabled=True)
    driver.start_charge(csms)
    driver.present_tag()
    csms.expect("StopTransaction")
    driver.unplug()
    csms.expect_status("Available")
    assert local_list.send("Full", 1, **{TAG: status}) == "Accepted"
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        driver.plug_in()
        driver.present_tag()
        bench.console.expect(f"may not charge, the local authorization list has it as {status}")
        assert device.status()["transaction"] is None


@pytest.mark.needs("power", "access_point")
def test_the_list_counts_at_a_cold_boot_without_a_network(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, local_list: LocalList
) -> None:
    """Before the first BootNotification a listed tag charges; with LocalAuthorizeOffline false it does not."""
    device.configure(allow_offline_tx_for_unknown_id=False)
    assert local_list.send("Full", 1, **{TAG: "Accepted"}) == "Accepted"
    with bench.inject(AccessPointGone()), device.expecting_reboot():
        bench.power.cycle()
        driver.plug_in()
        driver.present_tag()
        bench.console.expect(f"{TAG} may charge, the local authorization list has it as Accepted")
        device.wait_status(state="Charging")
    csms.expect("StartTransaction", idTag=TAG, timeout=60)


@pytest.mark.needs("power")
def test_an_accepted_update_survives_a_power_cut(
    device: Device, bench: Bench, csms: Csms, local_list: LocalList
) -> None:
    """Accepted means durable: after a power cut at the answer the new list is there."""
    assert local_list.send("Full", 1, A="Accepted") == "Accepted"
    with device.expecting_reboot():
        assert local_list.send("Differential", 2, **{f"TAG{n}": "Accepted" for n in range(50)}) == "Accepted"
        bench.power.cycle()
        device.wait_accepted()
    assert local_list.version() == 2


def test_a_fixed_cable_is_not_unlocked(device: Device, driver: EvDriver, csms: Csms) -> None:
    """fixed_cable: UnlockConnector is NotSupported with and without a transaction, which goes on."""
    device.configure(fixed_cable=True)
    assert csms.call("UnlockConnector", {"connectorId": 1}) == {"status": "NotSupported"}
    driver.start_charge(csms)
    assert csms.call("UnlockConnector", {"connectorId": 1}) == {"status": "NotSupported"}
    csms.expect_none("StopTransaction", within=0.1)
    assert device.status()["state"] == "Charging"
