"""The settings of this project's firmware: the table of firmware/src/features/config/keys.cpp.

`make settings` writes the file from the firmware, and a test of the firmware compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rig.util.arguments import validate_bool, validate_number, validate_one_of
from rig.util.errors import AuthorError

_FILE = Path(__file__).parent / "plugbench_settings.json"


@cache
def setting_table() -> tuple[dict[str, Any], ...]:
    """Return a row for each key, in the order of the firmware.

    Each row has `key`, `group`, `type` (`text`, `number`, `boolean`, `choice` or `list`) and `help`. Where they apply,
    it has `ocpp` (the name in OCPP 1.6 section 9.1), `least`, `most`, `unit`, `not_above` (a key with an equal or
    higher number), `choices`, `default`, `secret`, `reboot` and `trial`. A read-only key of OCPP also has `read_only`
    and `value`.
    """
    return tuple(json.loads(_FILE.read_text(encoding="utf-8")))


@cache
def setting_keys() -> tuple[str, ...]:
    """Return the names of the settings that can be changed."""
    return tuple(row["key"] for row in setting_table() if not row.get("read_only"))


def validate_settings(values: Mapping[str, str | int]) -> None:
    """Reject values that the device would replace by their defaults, with a warning on the console only.

    Args:
        values: the values that differ from the defaults, by the names of settings that can be changed.

    Raises:
        AuthorError: a value has the wrong type, is outside the limits of its setting, or does not go with the value or
            the default of another setting.
    """
    rows = {row["key"]: row for row in setting_table()}
    for key, value in values.items():
        _validate(rows[key], value)
    for low, row in rows.items():
        high = row.get("not_above")
        if high and int(values.get(low, row["default"])) > int(values.get(high, rows[high]["default"])):
            low_value, high_value = (
                str(values[key]) if key in values else f"{rows[key]['default']} by default" for key in (low, high)
            )
            raise AuthorError(
                f"the setting {low} ({low_value}) is above {high} ({high_value}), so the device would use the defaults "
                "of both. Set both"
            )


def _validate(row: Mapping[str, Any], value: object) -> None:
    what, kind = f"the setting {row['key']}", row["type"]
    if kind == "boolean":
        validate_bool(what, value)
    elif kind == "number":
        if isinstance(value, float):
            raise AuthorError(f"{what} is a whole number, not {value!r}")
        validate_number(what, value, least=row["least"], most=row["most"])
    elif not isinstance(value, str):
        raise AuthorError(f"{what} is a text, not {value!r}")
    elif kind == "choice":
        validate_one_of(what, value, row["choices"])
    elif kind == "list":
        items = [item for item in value.split(",") if item]
        for item in items:
            validate_one_of(f"each item of {what}", item, row["choices"])
        if len(items) > len(set(items)):
            raise AuthorError(f"{what} names an item twice: {value!r}")
    elif "most" in row and (length := len(value if row["unit"] == "characters" else value.encode())) > row["most"]:
        raise AuthorError(f"{what} has at most {row['most']} {row['unit']}, not {length}")
