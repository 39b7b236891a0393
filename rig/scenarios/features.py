"""Features that a charge point may lack, and how it declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rig.csms import CallErrorReceived
from rig.scenarios.player import NotSupportedError, Player
from rig.util.errors import AuthorError

Declares = Callable[[Player], bool]
"""Returns whether the charge point of a player declares a feature."""


def require(player: Player, features: list[str]) -> None:
    """Check that the charge point declares features.

    Raises:
        NotSupportedError: it lacks one.
    """
    for name in features:
        if not FEATURES[name](player):
            raise NotSupportedError(name)


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


def _setting(name: str) -> Declares:
    """Declared by a setting of the device, for hardware that OCPP does not describe; without a bench, by a person."""

    def declares(player: Player) -> bool:
        device = player.stage.device
        if device is None:
            return player.stage.person is not None and player.stage.person.confirm(f"Does it have: {name}?")
        try:
            device.profile.provision(
                device.bench.description, device.bench.csms_url, device.firmware.manifest, {name: 1}
            )
        except AuthorError:
            return False
        return True

    return declares


FEATURES: Mapping[str, Declares] = {
    "authorization cache": _has_key("AuthorizationCacheEnabled"),
    "basic authentication": _has_key("AuthorizationKey"),
    "certificate management": _action("InstallCertificate"),
    "certificate signing": _action("CertificateSigned"),
    "firmware management": _profile("FirmwareManagement"),
    "fixed cable": _setting("fixed_cable"),
    "local authorization list": _profile("LocalAuthListManagement"),
    "remote trigger": _profile("RemoteTrigger"),
    "reservation": _profile("Reservation"),
    "security events": _action("ExtendedTriggerMessage"),
    "security log": _action("GetLog"),
    "security profiles": _has_key("SecurityProfile"),
    "signed firmware update": _action("SignedUpdateFirmware"),
    "smart charging": _profile("SmartCharging"),
}
"""The features that a scenario may require, each with the way in which a charge point declares it."""
