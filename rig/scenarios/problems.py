"""Problems of payloads in a scenario, found before it is played."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rig.ocpp.partial import schema_mismatch
from rig.ocpp.schemas import Kind
from rig.ocpp.versions import Version
from rig.scenarios.source import Path_
from rig.scenarios.step import Problems
from rig.scenarios.values import MATCHERS, matching

_STEP_OF_PLACE = re.compile(r"\.(?P<key>\w+)|\[(?P<index>\d+)\]")
_UNKNOWN_FIELD = re.compile(r"has no field '(?P<key>[^']*)'")


def payload_problems(action: str, payload: Mapping[str, Any], kind: Kind, option: Path_, version: Version) -> Problems:
    """Find fields and values that no valid payload of the action has.

    Args:
        action: the action.
        payload: the expected payload, with `Unknown` for variables.
        kind: the request's payload or the response's.
        option: the option that has the payload.
        version: the version of OCPP.

    Yields:
        The place within the step, and the problem.
    """
    if misspelt := _first_misspelt(payload, option):
        yield misspelt
        return
    try:
        made = matching(payload)
    except re.error as error:
        yield option, f"a regular expression is wrong: {error}"
        return
    if problem := schema_mismatch(action, made, kind, version):
        yield _place_in(problem, action, option), problem


def _first_misspelt(value: Any, path: Path_) -> tuple[Path_, str] | None:
    """Return the first object that looks like a matcher and is none."""
    if isinstance(value, Mapping):
        for key in value:
            if str(key).startswith("$") and (key not in MATCHERS or len(value) != 1):
                return (*path, key), f"{key!r} is not a matcher, alone in its object. Allowed: {', '.join(MATCHERS)}"
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    found = (_first_misspelt(each, (*path, key)) for key, each in inner)
    return next((problem for problem in found if problem), None)


def _place_in(problem: str, action: str, option: Path_) -> Path_:
    """Return the place that the text of a mismatch begins with: `Action.field[0].inner ...`."""
    place = problem.removeprefix(action).partition(" ")[0]
    path: list[str | int] = [
        int(found["index"]) if found["index"] else found["key"] for found in _STEP_OF_PLACE.finditer(place)
    ]
    if unknown := _UNKNOWN_FIELD.search(problem):
        path.append(unknown["key"])
    return (*option, *path)
