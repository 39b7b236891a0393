"""The schemas: complete, compiled, with exact checks of decimal digits."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.ocpp import schemas
from rig.ocpp.versions import V16, V21, V201, Version


def profile(limit: float) -> dict[str, object]:
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
            },
        },
    }


@given(st.integers(-(10**12), 10**12))
def test_every_one_decimal_value_is_a_multiple_of_a_tenth(tenths: int) -> None:
    assert schemas.check("SetChargingProfile", profile(tenths / 10), "request") is None


@pytest.mark.parametrize("limit", [1.11, 0.30000000000000004, 1e-9, 16.05])
def test_two_decimals_are_too_many(limit: float) -> None:
    violation = schemas.check("SetChargingProfile", profile(limit), "request")
    assert violation is not None
    assert "chargingSchedulePeriod[0].limit" in violation.what
    assert violation.code == "PropertyConstraintViolation"


@pytest.mark.parametrize("version", [V201, V21], ids=str)
def test_every_action_of_2_x_has_a_direction_and_compiled_schemas(version: Version) -> None:
    every = schemas.actions(version)
    assert version.from_charge_point | version.unconfirmed < every
    assert version.from_charge_point & schemas.to_charge_point(version) == {"DataTransfer"}
    for action in every:
        assert schemas.check(action, [], "request", version) is not None
        violation = schemas.check(action, [], "response", version)
        assert violation is not None
        assert (violation.code == "NotImplemented") is (action in version.unconfirmed)


def test_many_errors_are_not_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """One error is reported without a search for all others, which takes 20 s for the largest message."""

    class OnlyTheFirst:
        def __init__(self, validator: jsonschema_rs.Validator) -> None:
            self.is_valid, self.validate = validator.is_valid, validator.validate

    found = OnlyTheFirst(schemas._validator("Heartbeat", "request", V16))  # type: ignore[arg-type]
    monkeypatch.setattr(schemas, "_validator", lambda *_: found)
    violation = schemas.check("Heartbeat", {"a": 1}, "request")
    assert violation is not None
    assert violation.code == "FormationViolation"


def test_all_39_actions_have_both_schemas() -> None:
    assert len(schemas.actions()) == 39
    assert schemas.actions() >= V16.from_charge_point
    for action in schemas.actions():
        for kind in ("request", "response"):
            assert schemas.check(action, [], kind) is not None


def test_an_unknown_action_is_not_implemented() -> None:
    violation = schemas.check("../secret", {}, "request")
    assert violation is not None
    assert violation.code == "NotImplemented"
