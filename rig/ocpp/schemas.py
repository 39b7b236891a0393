"""The JSON schemas of OCPP 1.6, compiled at first use.

They come from the package `ocpp` (core and security extension). Formats are checked. The validator judges `multipleOf`
on decimal digits, so 21.4 is a multiple of 0.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import orjson

from rig.ocpp.ocppj import CallErrorCode
from rig.util.errors import BenchError
from rig.util.redaction import MASK, masked

Kind = Literal["request", "response"]

FROM_CHARGE_POINT: frozenset[str] = frozenset(
    {
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    }
)
"""The actions that a charge point may call (OCPP 1.6 section 4, security whitepaper section 4)."""

_CODES: dict[str, CallErrorCode] = {
    "type": "TypeConstraintViolation",
    "required": "OccurenceConstraintViolation",
    "minItems": "OccurenceConstraintViolation",
    "maxItems": "OccurenceConstraintViolation",
    "additionalProperties": "FormationViolation",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of the schema, with the matching CALLERROR code (OCPP-J 1.6 section 4.2.3)."""

    what: str
    code: CallErrorCode


@cache
def actions() -> frozenset[str]:
    """Return all actions of OCPP 1.6 with the security extension."""
    return frozenset(path.stem for path in _folder().glob("*.json") if not path.stem.endswith("Response"))


def check(action: str, payload: Any, kind: Kind) -> Violation | None:
    """Validate a payload by its action's schema. Return the first violation, without secrets, or None.

    Args:
        action: e.g. `BootNotification`.
        payload: the decoded JSON.
        kind: the request or the response.
    """
    validator = _validator(action, kind)
    if validator is None:
        return Violation(f"OCPP 1.6 has no action {action!r}", "NotImplemented")
    if validator.is_valid(payload):
        return None
    if not isinstance(payload, dict):
        return Violation("the payload must be a JSON object", "FormationViolation")
    if masked(payload) is not payload:  # it has a secret: let the message quote no values
        validator = _validator(action, kind, MASK)
        assert validator is not None
    error = next(iter(validator.iter_errors(payload)))
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path).lstrip(".")
    keyword = next((str(step) for step in reversed(error.schema_path) if isinstance(step, str)), "")
    return Violation(
        f"{where}: {error.message}" if where else error.message, _CODES.get(keyword, "PropertyConstraintViolation")
    )


def broken_keywords(action: str, payload: Any, kind: Kind) -> frozenset[str]:
    """Return the keywords of an action's schema that a payload breaks. Arguments as for `check`."""
    validator = _validator(action, kind)
    errors = validator.iter_errors(payload) if validator is not None else ()
    paths = ([step for step in error.schema_path if isinstance(step, str)] for error in errors)
    return frozenset(path[-1] for path in paths if path)


@cache
def schema(action: str, kind: Kind) -> dict[str, Any]:
    """Return the JSON schema of an action's payload.

    Args:
        action: one of `actions()`.
        kind: the request or the response.
    """
    file = _folder() / f"{action}{'Response' if kind == 'response' else ''}.json"
    found: dict[str, Any] = orjson.loads(file.read_bytes())
    return found


@cache
def _folder() -> Path:
    # `find_spec` instead of an import: importing `ocpp` takes 0.2 s.
    spec = find_spec("ocpp")
    for place in spec.submodule_search_locations or () if spec else ():
        folder = Path(place, "v16", "schemas")
        if folder.is_dir():
            return folder
    raise BenchError("The OCPP 1.6 schemas are missing: the package ocpp is not installed", "Run `make setup`")


@cache
def _validator(action: str, kind: Kind, mask: str | None = None) -> jsonschema_rs.Validator | None:
    if action not in actions():
        return None
    return jsonschema_rs.validator_for(schema(action, kind), validate_formats=True, mask=mask)
