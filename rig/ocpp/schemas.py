"""The JSON schemas of OCPP 1.6, 2.0.1 and 2.1, compiled at first use.

They come from the package `ocpp` (1.6 with the security extension). Formats are checked. The validator judges
`multipleOf` on decimal digits, so 21.4 is a multiple of 0.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import orjson

from rig.ocpp.versions import V16, VERSIONS, Version
from rig.util.errors import BenchError
from rig.util.redaction import MASK, masked

Kind = Literal["request", "response"]

_TYPE_CODE = "TypeConstraintViolation"
_OCCURRENCES = frozenset({"required", "minItems", "maxItems"})
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Violation:
    """A violation of the schema, with the matching CALLERROR code (OCPP-J 1.6 section 4.2.3)."""

    what: str
    code: str


@dataclass(frozen=True, slots=True)
class Break:
    """One place where a payload breaks its schema.

    Attributes:
        keyword: the keyword of the schema, e.g. `maxLength`.
        path: the keys and indexes of the place.
        value: the value there, unmasked.
        wanted: the JSON type that the schema requires there; empty if it names none.
    """

    keyword: str
    path: tuple[str | int, ...]
    value: Any
    wanted: str = ""


@cache
def actions(version: Version = V16) -> frozenset[str]:
    """Return all actions of a version."""
    files = {path.stem for path in _folder(version).glob("*.json") if not path.stem.endswith("Response")}
    return frozenset(name.removesuffix("Request") for name in files)


@cache
def to_charge_point(version: Version = V16) -> frozenset[str]:
    """Return the actions that a CSMS may call."""
    return (actions(version) - version.from_charge_point - version.unconfirmed) | {"DataTransfer"}


@cache
def actions_of_any() -> frozenset[str]:
    """Return the actions of all versions."""
    return frozenset().union(*(actions(version) for version in VERSIONS.values()))


def has(action: str, kind: Kind, version: Version = V16) -> bool:
    """Return whether a version has the action. A SEND has a request only (OCPP-J 2.1 section 4.2.4)."""
    return action in actions(version) and not (kind == "response" and action in version.unconfirmed)


def version_of(action: str, payload: Any, kind: Kind) -> Version:
    """Return the oldest version in which a payload is valid, or else the oldest that has the action.

    Arguments as for `check`.
    """
    having = [version for version in VERSIONS.values() if has(action, kind, version)]
    valid = (version for version in having if check(action, payload, kind, version) is None)
    return next(valid, having[0] if having else V16)


def check(action: str, payload: Any, kind: Kind, version: Version = V16) -> Violation | None:
    """Validate a payload by its action's schema. Return the first violation, without secrets, or None.

    Args:
        action: e.g. `BootNotification`.
        payload: the decoded JSON.
        kind: the request or the response.
        version: the version of OCPP.
    """
    validator = _validator(action, kind, version)
    if validator is None:
        return Violation(f"{version} has no action {action!r}", "NotImplemented")
    if validator.is_valid(payload):
        return None
    if not isinstance(payload, dict):
        return Violation("the payload must be a JSON object", version.format_code)
    if masked(payload) is not payload:  # the payload has a secret: let the message quote no values
        validator = _validator(action, kind, version, MASK)
        assert validator is not None
    error = _first_error(validator, payload)
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path).lstrip(".")
    return Violation(f"{where}: {error.message}" if where else error.message, _code(_keyword(error), version))


def _first_error(validator: jsonschema_rs.Validator, payload: Any) -> jsonschema_rs.ValidationError:
    try:
        validator.validate(payload)  # unlike `iter_errors`, does not collect up to 100,000 errors first
    except jsonschema_rs.ValidationError as error:
        return error
    raise AssertionError("the payload is valid")


def breaks(action: str, payload: Any, kind: Kind, version: Version = V16) -> list[Break]:
    """Return every place where a payload breaks its action's schema. Arguments as for `check`.

    The search takes about 0.2 ms for each place, so limit the size of a payload from the network first.
    """
    validator = _validator(action, kind, version)
    errors = validator.iter_errors(payload) if validator is not None else ()
    found = []
    for error in errors:
        keyword = _keyword(error)
        wanted = ", ".join(getattr(error.kind, "types", ())) if keyword == "type" else ""
        found.append(Break(keyword, tuple(error.instance_path), error.instance, wanted))
    return found


def _keyword(error: Any) -> str:
    return next((str(step) for step in reversed(error.schema_path) if isinstance(step, str)), "")


def _code(keyword: str, version: Version) -> str:
    if keyword in _OCCURRENCES:
        return version.occurrence_code
    if keyword == "additionalProperties":
        return version.format_code
    return _TYPE_CODE if keyword == "type" else "PropertyConstraintViolation"


@cache
def schema(action: str, kind: Kind, version: Version = V16) -> dict[str, Any]:
    """Return the JSON schema of an action's payload.

    Args:
        action: one of `actions(version)`.
        kind: the request or the response. A SEND has a request only.
        version: the version of OCPP.
    """
    suffix = "Response" if kind == "response" else "" if version.is_16 or action in version.unconfirmed else "Request"
    file = _folder(version) / f"{action}{suffix}.json"
    found: dict[str, Any] = orjson.loads(file.read_bytes().removeprefix(_BYTE_ORDER_MARK))
    return found


def resolved(root: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part of a schema, or the definition that it refers to (`$ref`).

    Args:
        root: the whole schema.
        node: the part.
    """
    while "$ref" in node:
        node = root["definitions"][node["$ref"].rpartition("/")[2]]
    return node


@cache
def _folder(version: Version) -> Path:
    # `find_spec` instead of an import: importing `ocpp` takes 0.2 s.
    spec = find_spec("ocpp")
    for place in spec.submodule_search_locations or () if spec else ():
        folder = Path(place, version.folder, "schemas")
        if folder.is_dir():
            return folder
    raise BenchError(f"The {version} schemas are missing: the package ocpp is not installed", "Run `make setup`")


@cache
def _validator(action: str, kind: Kind, version: Version, mask: str | None = None) -> jsonschema_rs.Validator | None:
    if not has(action, kind, version):
        return None
    return jsonschema_rs.validator_for(schema(action, kind, version), validate_formats=True, mask=mask)
