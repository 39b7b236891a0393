"""The charging profiles of a charge point, as its accepted answers imply (OCPP 1.6 sections 3.13, 5.5 and 5.16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rig.csms.kept import limited

Profiles = Mapping[tuple[int, int], Mapping[str, Any]]
"""The profiles by connectorId and chargingProfileId."""

_MOST_PROFILES = 256


def with_profile(profiles: Profiles, request: Mapping[str, Any]) -> Profiles:
    """Return the profiles after an accepted SetChargingProfile.

    A profile replaces the profile of the same id, and any of the same purpose and stack level on its connector.

    Args:
        profiles: the profiles before.
        request: the payload of SetChargingProfile.req.
    """
    connector, profile = request["connectorId"], request["csChargingProfiles"]
    level = _level(profile)
    kept = {
        key: each
        for key, each in profiles.items()
        if key[1] != profile["chargingProfileId"] and (key[0] != connector or _level(each) != level)
    }
    kept[connector, profile["chargingProfileId"]] = profile
    return limited(kept, _MOST_PROFILES)


def without_profiles(profiles: Profiles, request: Mapping[str, Any]) -> Profiles:
    """Return the profiles after an accepted ClearChargingProfile; without fields it clears all.

    Args:
        profiles: the profiles before.
        request: the payload of ClearChargingProfile.req. If it has an id, the other fields are ignored.
    """

    def is_cleared(key: tuple[int, int], profile: Mapping[str, Any]) -> bool:
        if "id" in request:
            return bool(key[1] == request["id"])
        wanted = {
            "connectorId": key[0],
            "chargingProfilePurpose": profile["chargingProfilePurpose"],
            "stackLevel": profile["stackLevel"],
        }
        return all(request.get(name, value) == value for name, value in wanted.items())

    return {key: each for key, each in profiles.items() if not is_cleared(key, each)}


def without_tx_profiles(profiles: Profiles, transaction_id: int) -> Profiles:
    """Return the profiles after the end of a transaction, which ends its TxProfiles (section 3.13.1).

    Args:
        profiles: the profiles before.
        transaction_id: the transaction.
    """
    return {key: each for key, each in profiles.items() if each.get("transactionId") != transaction_id}


def _level(profile: Mapping[str, Any]) -> tuple[str, int]:
    return profile["chargingProfilePurpose"], profile["stackLevel"]
