"""GetConfiguration and ChangeConfiguration (OCPP 1.6 sections 5.8 and 5.3), and the keys of section 9.1."""

from __future__ import annotations

import pytest

from rig.bench import Bench
from rig.csms import CallErrorReceived, ConfigurationKeys, Csms
from rig.device import Device, EvDriver
from rig.faults import FlashFull
from rig.instruments.console import Console
from tests.hil.samples import check_no_sample_lost

REQUIRED_KEYS = {
    "AuthorizeRemoteTxRequests": False,
    "ClockAlignedDataInterval": False,
    "ConnectionTimeOut": False,
    "ConnectorPhaseRotation": False,
    "GetConfigurationMaxKeys": True,
    "HeartbeatInterval": False,
    "LocalAuthorizeOffline": False,
    "LocalPreAuthorize": False,
    "MeterValuesAlignedData": False,
    "MeterValuesSampledData": False,
    "MeterValueSampleInterval": False,
    "NumberOfConnectors": True,
    "ResetRetries": False,
    "StopTransactionOnEVSideDisconnect": False,
    "StopTransactionOnInvalidId": False,
    "StopTxnAlignedData": False,
    "StopTxnSampledData": False,
    "SupportedFeatureProfiles": True,
    "TransactionMessageAttempts": False,
    "TransactionMessageRetryInterval": False,
    "UnlockConnectorOnEVSideDisconnect": False,
}
"""The keys that OCPP 1.6 section 9.1 requires of every charge point, and whether each is read-only."""


@pytest.mark.smoke
def test_every_required_core_key_is_there(device: Device, csms: Csms) -> None:
    """GetConfiguration without keys returns all keys, once each, read-only where the specification says so."""
    answer = csms.call("GetConfiguration", {})
    reported = [entry["key"] for entry in answer["configurationKey"]]
    assert len(reported) == len(set(reported))
    read_only = {entry["key"]: entry["readonly"] for entry in answer["configurationKey"]}
    assert {key: read_only.get(key) for key in REQUIRED_KEYS} == REQUIRED_KEYS
    assert "unknownKey" not in answer
    assert csms.call("GetConfiguration", {"key": []}) == answer


def test_known_and_unknown_keys(device: Device, csms: Csms) -> None:
    """Known keys are returned with their values, others as unknownKey; names are compared case-insensitively."""
    answer = csms.call("GetConfiguration", {"key": ["numberofconnectors", "Colour", "wifi_psk"]})
    assert answer == {
        "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}],
        "unknownKey": ["Colour", "wifi_psk"],
    }


def test_too_many_keys_are_rejected(device: Device, csms: Csms, keys: ConfigurationKeys) -> None:
    """GetConfiguration answers GetConfigurationMaxKeys keys, and one more with a CALLERROR."""
    most = int(keys["GetConfigurationMaxKeys"])
    assert len(csms.call("GetConfiguration", {"key": [f"Key{n}" for n in range(most)]})["unknownKey"]) == most
    with pytest.raises(CallErrorReceived) as rejected:
        csms.call("GetConfiguration", {"key": [f"Key{n}" for n in range(most + 1)]})
    assert rejected.value.code == "OccurenceConstraintViolation"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("AuthorizeRemoteTxRequests", "true"),
        ("ConnectorPhaseRotation", "0.RST,1.RST"),
        ("MeterValueSampleInterval", "0"),
        ("MeterValuesSampledData", "Voltage,Energy.Active.Import.Register"),
    ],
)
def test_a_changed_key_reads_back(device: Device, keys: ConfigurationKeys, key: str, value: str) -> None:
    """An accepted value is returned by GetConfiguration character by character."""
    assert keys[key] != value
    assert keys.change(key, value) == "Accepted"
    assert keys[key] == value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NumberOfConnectors", "2"),
        ("HeartbeatInterval", "soon"),
    ],
)
def test_an_invalid_value_is_rejected(
    device: Device, console: Console, keys: ConfigurationKeys, key: str, value: str
) -> None:
    """An invalid value is Rejected, the old one stays, and the console names key, value and reason."""
    before = keys[key]
    assert keys.change(key, value) == "Rejected"
    assert keys[key] == before
    console.expect(f"the CSMS sets {key} to '{value}', which is rejected: it ")


@pytest.mark.parametrize("key", [key for key, read_only in REQUIRED_KEYS.items() if read_only])
def test_a_read_only_key_is_rejected(device: Device, keys: ConfigurationKeys, key: str) -> None:
    """A change of a read-only key is Rejected, not NotSupported: the key exists (section 5.3)."""
    assert keys.change(key, keys[key]) == "Rejected"


@pytest.mark.parametrize("key", ["BlinkRepeat", "LightIntensity"])
def test_a_key_of_a_missing_function_is_unknown(device: Device, csms: Csms, key: str) -> None:
    """Keys of the lights, which the device lacks, are in unknownKey, and a change is NotSupported."""
    assert csms.call("GetConfiguration", {"key": [key]}) == {"configurationKey": [], "unknownKey": [key]}
    assert csms.call("ChangeConfiguration", {"key": key, "value": "1"}) == {"status": "NotSupported"}


@pytest.mark.parametrize("key", ["Colour", "heartbeat_interval_s", "csms_url"])
def test_an_unknown_key_is_not_supported(device: Device, csms: Csms, key: str) -> None:
    """Unknown keys are NotSupported, also the device's own settings: no CSMS can redirect it to another CSMS."""
    assert csms.call("ChangeConfiguration", {"key": key, "value": "1"}) == {"status": "NotSupported"}


@pytest.mark.smoke
@pytest.mark.needs("power")
def test_an_accepted_change_outlives_a_power_cut(device: Device, bench: Bench, keys: ConfigurationKeys) -> None:
    """Accepted means stored: after a power cut at the answer the new value is there."""
    with device.expecting_reboot():
        assert keys.change("MeterValueSampleInterval", "17") == "Accepted"
        bench.power.cycle()
        device.wait_accepted()
    assert keys["MeterValueSampleInterval"] == "17"


@pytest.mark.needs("test_hooks")
def test_a_change_that_cannot_be_stored_is_rejected(
    device: Device, bench: Bench, console: Console, keys: ConfigurationKeys
) -> None:
    """A change that cannot be stored because the flash is full is Rejected, and the old value stays."""
    before = keys["MeterValueSampleInterval"]
    with bench.inject(FlashFull()):
        assert "no space left" in console.command("set log_level info")
        assert keys.change("MeterValueSampleInterval", "17") == "Rejected"
        assert keys["MeterValueSampleInterval"] == before


def test_a_key_that_needs_a_reboot_says_so(device: Device, keys: ConfigurationKeys) -> None:
    """WebSocketPingInterval takes effect after the next boot: RebootRequired."""
    assert keys.change("WebSocketPingInterval", "33") == "RebootRequired"
    assert keys["WebSocketPingInterval"] == "33"


@pytest.mark.smoke
@pytest.mark.needs("stepped_time")
def test_a_changed_heartbeat_interval_counts_at_once(
    device: Device, bench: Bench, csms: Csms, keys: ConfigurationKeys
) -> None:
    """HeartbeatInterval is the one in BootNotification.conf until ChangeConfiguration changes it."""
    device.boot()
    device.wait_accepted()
    assert keys["HeartbeatInterval"] == str(csms.behaviour.heartbeat_interval_s)
    assert keys.change("HeartbeatInterval", "20") == "Accepted"
    first = csms.expect("Heartbeat", timeout=100)
    second = csms.expect("Heartbeat", timeout=100)
    assert bench.clock.between(first.t, second.t) == 20


@pytest.mark.needs("power")
def test_the_interval_of_the_boot_is_not_stored(
    device: Device, bench: Bench, csms: Csms, keys: ConfigurationKeys
) -> None:
    """The interval of BootNotification.conf is not stored, also when another setting is stored meanwhile."""
    device.configure(heartbeat_interval_s=555)
    assert keys["HeartbeatInterval"] == str(csms.behaviour.heartbeat_interval_s) != "555"
    assert keys.change("LocalPreAuthorize", "true") == "Accepted"
    csms.behaviour.heartbeat_interval_s = 0
    with device.expecting_reboot():
        bench.power.cycle()
        device.wait_accepted()
    assert keys["HeartbeatInterval"] == "555"


@pytest.mark.needs("inputs", "stepped_time")
def test_a_changed_sample_interval_counts_in_the_next_charge(
    device: Device, bench: Bench, driver: EvDriver, csms: Csms, keys: ConfigurationKeys
) -> None:
    """A change of MeterValueSampleInterval to ten seconds takes effect in the next charge."""
    assert keys.change("MeterValueSampleInterval", "10") == "Accepted"
    driver.start_charge(csms)
    for _ in range(2):
        csms.expect("MeterValues", timeout=50)
    driver.present_tag()
    csms.expect("StopTransaction", timeout=30)
    csms.transactions[-1].check_gapless(interval_s=10, tolerance_s=0)
    check_no_sample_lost(csms.transactions[-1], 10)


@pytest.mark.needs("inputs", "stepped_time")
def test_nobody_plugs_in_within_the_connection_timeout(
    device: Device, bench: Bench, csms: Csms, keys: ConfigurationKeys
) -> None:
    """After ConnectionTimeOut without a cable a remote start is cancelled, and the connector is Available."""
    assert keys.change("ConnectionTimeOut", "10") == "Accepted"
    assert csms.call("RemoteStartTransaction", {"idTag": "REMOTE"}) == {"status": "Accepted"}
    began = csms.expect_status("Preparing")
    ended = csms.expect_status("Available", timeout=40)
    assert bench.clock.between(began.t, ended.t) == 10
