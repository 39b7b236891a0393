"""The JSON schema of scenario files, for checks and for editors, made from the kinds of steps."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any

from rig.ocpp import schemas
from rig.ocpp.versions import VERSIONS, Version
from rig.scenarios.features import features
from rig.scenarios.step import FEATURE, KINDS, POSITIVE_DURATION, STEPS, TEXT, Kind, Schema
from rig.scenarios.values import MATCHERS

_VARIABLE_NAMES: Schema = {"pattern": "^[a-z][a-z0-9_]*$"}
_WORDS: Schema = {"type": "array", "items": TEXT}
_PARAMETERS: Schema = {
    "type": "object",
    "propertyNames": _VARIABLE_NAMES,
    "additionalProperties": {"type": ["string", "integer", "number", "boolean"]},
    "description": "parameters with their defaults",
}

HEADER: Mapping[str, Schema] = {
    "scenario": {**TEXT, "description": "the rule that the scenario verifies, in one sentence"},
    "case": {**TEXT, "description": "the identifier of a compliance case"},
    "group": {**TEXT, "description": "the group of the case"},
    "about": {**TEXT, "description": "a description of the scenario, with the sections of the specification"},
    "needs": {**_WORDS, "description": "capabilities that the bench must have (docs/writing-tests.md)"},
    "protocol": {
        "enum": list(VERSIONS),
        "description": "the WebSocket sub-protocol of the OCPP version; ocpp1.6 without this key",
    },
    "requires": {
        "type": "array",
        "items": FEATURE,
        "description": "features that the charge point must declare",
    },
    "params": _PARAMETERS,
    "time_limit": {**POSITIVE_DURATION, "description": "the limit of the test in real time, such as 5 min"},
    "settings": {
        "type": "object",
        "additionalProperties": {"type": ["string", "integer", "boolean"]},
        "description": "settings that the device receives before the steps",
    },
    "configuration": {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "configuration keys, or variables of OCPP 2.x; changed at the beginning and restored at the end",
    },
    "steps": STEPS,
    "cleanup": STEPS,
}
"""The keys of a scenario file."""

PART: Mapping[str, Schema] = {
    "part": {**TEXT, "description": "the action of the steps, in one sentence"},
    "params": _PARAMETERS,
    "steps": STEPS,
}
"""The keys of a file that other files include."""

INCLUDE: Schema = {
    "type": "object",
    "properties": {
        "include": {**TEXT, "description": "a file with `part`, relative to this file"},
        "with": {
            "type": "object",
            "propertyNames": _VARIABLE_NAMES,
            "description": "values of the parameters of the part",
        },
    },
    "required": ["include"],
    "additionalProperties": False,
    "description": "play the steps of another file here",
}


def _names(*versions: Version) -> dict[str, list[str]]:
    """Return the allowed names of each kind in some versions of OCPP."""
    return {
        "call_of_charge_point": _all_of(version.from_charge_point | version.unconfirmed for version in versions),
        "call_of_csms": _all_of(map(schemas.to_charge_point, versions)),
        "error_code": _all_of(version.error_codes for version in versions),
        "feature": _all_of(map(features, versions)),
    }


def _all_of(names: Iterable[Iterable[str]]) -> list[str]:
    return sorted(set(itertools.chain.from_iterable(names)))


@functools.cache
def definitions(version: Version | None = None) -> dict[str, Any]:
    """Return the definitions to which the schemas of keys and steps refer.

    Args:
        version: the version of OCPP, whose names are allowed; None: the names of all versions.
    """
    kinds = KINDS.values()
    versions = VERSIONS.values() if version is None else [version]
    bare: list[Any] = [{"enum": [kind.name for kind in kinds if kind.is_bare]}]
    return {
        **{name: {"enum": names} for name, names in _names(*versions).items()},
        "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/step"}},
        "step": {"anyOf": bare + [_of_kind(kind) for kind in kinds] + [INCLUDE]},
        "matcher": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {name: {**schema, "description": words}},
                    "required": [name],
                    "additionalProperties": False,
                }
                for name, (words, schema, _) in MATCHERS.items()
            ]
        },
    }


def _of_kind(kind: Kind) -> dict[str, Any]:
    own: Schema = {"type": "null"} if kind.subject is None else kind.subject
    return {
        "type": "object",
        "description": kind.summary,
        "properties": {kind.name: own, **kind.options},
        "required": [kind.name, *sorted(kind.required)],
        "additionalProperties": False,
    }


def schema() -> dict[str, Any]:
    """Return the JSON schema (draft 7) of scenario files and of the files that they include."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Plugbench scenario",
        "anyOf": [_file(HEADER), _file(PART)],
        "definitions": definitions(),
    }


def schema_text() -> str:
    """Return the JSON schema as the text of `scenario.schema.json`, which editors read."""
    return json.dumps(schema(), indent=1) + "\n"


def _file(keys: Mapping[str, Schema]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(keys),
        "required": [next(iter(keys)), "steps"],
        "additionalProperties": False,
    }
