"""Deviations from the specification that real charge points show, and that real CSMSs accept.

A violation of the specification has one of two grades: `tolerated` if this table lists it, else `specification`. Each
entry names public reports of real charge points and CSMSs.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from rig.ocpp import schemas
from rig.ocpp.versions import V16, Version


@dataclass(frozen=True, slots=True)
class Deviation:
    """A tolerated deviation.

    Attributes:
        what: the act of the charge point.
        reason: why a CSMS can accept it, and who does.
    """

    what: str
    reason: str


DEVIATIONS: Mapping[str, Deviation] = {
    "long-text": Deviation(
        "a text is longer than its schema allows, up to 255 characters",
        "serial numbers and `info` exceed their limits; SteVe stores 255 (steve issue 1259, mobilityhouse/ocpp issue "
        "273)",
    ),
    "null-for-absent": Deviation(
        "an optional property is `null` instead of missing",
        "serializers write `null`; its meaning is clear (mobilityhouse/ocpp issue 296)",
    ),
    "extra-property": Deviation(
        "an object has a property that its schema does not have",
        "JSON readers ignore unknown names (OCPP.Core issue 36)",
    ),
    "number-for-text": Deviation(
        "a number takes the place of a text",
        "sampled values and configuration values lack their quotes (lbbrhzn/ocpp issues 210 and 1499)",
    ),
    "time-zone": Deviation(
        "a time has no zone, or a zone without minutes",
        "a CSMS assumes UTC, and understands a zone of hours (evcc issue 10399, monta-app/ocpp-emulator issue 5)",
    ),
    "sample-words": Deviation(
        "a sampled value has an unknown unit, measurand, context, phase, location or format",
        "vendors write `Hz` and words of their own; the other values stay usable (lbbrhzn/ocpp issues 361 and 1576)",
    ),
    "error-code": Deviation(
        "a CALLERROR has a code of another version of OCPP",
        "the codes were renamed between 1.6 and 2.0.1, and libraries mix them (ocpp-go pull request 331)",
    ),
    "early-call": Deviation(
        "a CALL is sent while the previous CALL is unanswered",
        "answers are matched by their unique id (MicroOcpp issue 50)",
    ),
    "early-message": Deviation(
        "a message is sent while the registration is Pending",
        "StatusNotification often comes first (libocpp issues 504 and 633, mobilityhouse/ocpp issue 188)",
    ),
    "reused-id": Deviation(
        "a unique id of an earlier connection is used again",
        "ids count from 1 after each start; OCPP 1.6 allows that, OCPP 2.x does not (citrineos issue 212)",
    ),
}
"""The tolerated deviations by name."""

LONGEST_TEXT = 255
"""The longest tolerated text, in characters."""

LARGEST_PAYLOAD = 16 << 10
"""The largest payload whose deviation is tolerated, in bytes. Checking a larger one takes too long."""

_SAMPLE_WORDS = frozenset({"context", "format", "location", "measurand", "phase", "unit"})
_OTHER_ZONE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[+-]\d{2})?")
_KEPT = frozenset({"extra-property", "long-text", "sample-words"})  # deviations that remain in the payload as read


def deviation_of_payload(action: str, payload: Any, kind: schemas.Kind, version: Version = V16) -> str:
    """Return the name of the tolerated deviation in a payload that breaks its schema; empty for none.

    If several places break the schema, all of them must be tolerated, and the name is that of the first.

    Args:
        action: the action.
        payload: the decoded JSON.
        kind: the request or the response.
        version: the version of OCPP.
    """
    if len(orjson.dumps(payload)) > LARGEST_PAYLOAD:
        return ""
    found = schemas.breaks(action, payload, kind, version)
    names = [_name(each) for each in found]
    if not names or not all(names):
        return ""
    left = schemas.breaks(action, _repaired(payload, found), kind, version)
    return names[0] if all(_name(each) in _KEPT for each in left) else ""


def as_read(action: str, payload: Any, kind: schemas.Kind, version: Version = V16) -> Any:
    """Return a payload with a tolerated deviation as a tolerant CSMS reads it.

    Properties that are `null` are left out, numbers become texts, and times without a zone are UTC. Long texts, unknown
    properties and unknown words stay. The arguments are those of `deviation_of_payload`.
    """
    return _repaired(payload, schemas.breaks(action, payload, kind, version))


def _repaired(payload: Any, found: Iterable[schemas.Break]) -> Any:
    read = copy.deepcopy(payload)
    for each in found:
        if not each.path:
            continue
        *outer, last = each.path
        inner = read
        for step in outer:
            inner = inner[step]
        match _name(each):
            case "null-for-absent":
                inner.pop(last, None)
            case "number-for-text":
                inner[last] = orjson.dumps(each.value).decode()
            case "time-zone":
                has_zone = each.value[-3] in "+-"
                inner[last] = f"{each.value}{':00' if has_zone else 'Z'}"
    return read


def _name(each: schemas.Break) -> str:
    value = each.value
    match each.keyword:
        case "maxLength" if len(value) <= LONGEST_TEXT:
            return "long-text"
        case "type" | "enum" if value is None and each.path and isinstance(each.path[-1], str):
            return "null-for-absent"
        case "additionalProperties":
            return "extra-property"
        case "type" if each.wanted == "string" and isinstance(value, int | float) and not isinstance(value, bool):
            return "number-for-text"
        case "format" if isinstance(value, str) and _OTHER_ZONE.fullmatch(value):
            return "time-zone"
        case "enum" if isinstance(value, str) and "sampledValue" in each.path and each.path[-1] in _SAMPLE_WORDS:
            return "sample-words"
    return ""
