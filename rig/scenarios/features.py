"""Features that a charge point may lack, and the ways in which it declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rig.csms import CallErrorReceived, Variables
from rig.ocpp.versions import Version
from rig.scenarios.player import NotSupportedError, Player
from rig.util.errors import AuthorError

Declares = Callable[[Player], bool]
"""Returns whether the charge point of a player declares a feature."""


def features(version: Version) -> Mapping[str, Declares]:
    """Return the features that a scenario for a version of OCPP may require, with their declarations."""
    return FEATURES_16 if version.is_16 else FEATURES_2


def require(player: Player, names: Sequence[str]) -> None:
    """Check that the charge point speaks the scenario's version of OCPP and declares features.

    Raises:
        NotSupportedError: the charge point does not speak the version, or lacks a feature.
    """
    spoken = player.csms.version_of(player.identity) if player.has_charge_point else None
    if spoken not in (None, player.version) or player.version not in player.csms.versions:
        raise NotSupportedError(player.version.title)
    for name in names:
        if not is_declared(player, name):
            raise NotSupportedError(name)


def is_declared(player: Player, name: str) -> bool:
    """Return whether the charge point declares a feature."""
    return features(player.version)[name](player)


def _key(player: Player, key: str) -> str | None:
    """Return the value of a configuration key; empty for a key that cannot be read, None if there is no such key."""
    answer = player.csms.call("GetConfiguration", {"key": [key]}, charge_point=player.identity)
    found = [each for each in answer.get("configurationKey", []) if str(each["key"]).lower() == key.lower()]
    return str(found[0].get("value", "")) if found else None


def _profile(name: str) -> Declares:
    """Declared by a profile in SupportedFeatureProfiles (OCPP 1.6 section 9.1)."""

    def declares(player: Player) -> bool:
        profiles = _key(player, "SupportedFeatureProfiles") or ""
        return name in {each.strip() for each in profiles.split(",")}

    return declares


def _has_key(key: str) -> Declares:
    """Declared by a configuration key that only charge points with the feature have."""
    return lambda player: _key(player, key) is not None


def _reserves_connector_0(player: Player) -> bool:
    """Whether connector 0 can be reserved, which a read-only key declares (OCPP 1.6 section 9.3.1)."""
    return (_key(player, "ReserveConnectorZeroSupported") or "").lower() == "true"


def _action(action: str) -> Declares:
    """Declared by any other answer than NotImplemented or NotSupported to an action of the security whitepaper.

    The call has no payload, so a charge point that knows the action answers with an error and does nothing.
    """

    def declares(player: Player) -> bool:
        try:
            player.csms.call(action, {}, check=False, charge_point=player.identity)
        except CallErrorReceived as error:
            return error.code not in ("NotImplemented", "NotSupported")
        return True

    return declares


def _component(name: str) -> Declares:
    """Declared by a controller that is Available (OCPP 2.0.1 part 2, appendix 3), or that lacks this variable."""

    def declares(player: Player) -> bool:
        variables = Variables(player.csms, player.identity)
        try:
            return variables[f"{name}.Available"].lower() == "true"
        except KeyError:
            return f"{name}.Enabled" in variables

    return declares


def _setting(name: str) -> Declares:
    """Declared by a setting of the device, for hardware that OCPP does not describe; without a bench, by a person."""

    def declares(player: Player) -> bool:
        device = player.stage.device
        if device is None:
            return player.stage.person is not None and player.stage.person.confirm(f"Does it have: {name}?")
        try:
            device.profile.provision(
                device.bench.description, device.bench.csms_url, device.firmware.manifest, {name: True}
            )
        except AuthorError:
            return False
        return True

    return declares


FEATURES_16: Mapping[str, Declares] = {
    "authorization cache": _has_key("AuthorizationCacheEnabled"),
    "basic authentication": _has_key("AuthorizationKey"),
    "certificate management": _action("InstallCertificate"),
    "certificate signing": _action("CertificateSigned"),
    "firmware management": _profile("FirmwareManagement"),
    "fixed cable": _setting("fixed_cable"),
    "local authorization list": _profile("LocalAuthListManagement"),
    "no reservation of connector 0": lambda player: not _reserves_connector_0(player),
    "remote trigger": _profile("RemoteTrigger"),
    "reservation": _profile("Reservation"),
    "reservation of connector 0": _reserves_connector_0,
    "security events": _action("ExtendedTriggerMessage"),
    "security log": _action("GetLog"),
    "security profiles": _has_key("SecurityProfile"),
    "signed firmware update": _action("SignedUpdateFirmware"),
    "smart charging": _profile("SmartCharging"),
}
"""The features of OCPP 1.6, each with the way in which a charge point declares it."""

FEATURES_2: Mapping[str, Declares] = {
    "authorization cache": _component("AuthCacheCtrlr"),
    "display messages": _component("DisplayMessageCtrlr"),
    "local authorization list": _component("LocalAuthListCtrlr"),
    "monitoring": _component("MonitoringCtrlr"),
    "reservation": _component("ReservationCtrlr"),
    "smart charging": _component("SmartChargingCtrlr"),
}
"""The features of OCPP 2.0.1 and 2.1, each with the way in which a charging station declares it."""
