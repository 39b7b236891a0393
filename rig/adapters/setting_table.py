"""The settings of this project's firmware: the table of firmware/src/features/config/keys.cpp.

`make settings` writes the file from the firmware, and a test of the firmware compares the two.
"""

from __future__ import annotations

import json
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
    it has `ocpp` (the name in OCPP 1.6 section 9.1), `least`, `most`, `unit`, `choices`, `default`, `secret`, `reboot`
    and `trial`. A read-only key of OCPP also has `read_only` and `value`.
    """
    return tuple(json.loads(_FILE.read_text(encoding="utf-8")))


@cache
def setting_keys() -> tuple[str, ...]:
    """Return the names of the settings that can be changed."""
    return tuple(row["key"] for row in setting_table() if not row.get("read_only"))


def validate_setting(key: str, value: object) -> None:
    """Reject a value that the device would replace by its default, with a warning on the console only.

    Args:
        key: the name of a setting that can be changed.
        value: the given value.

    Raises:
        AuthorError: the value has the wrong type, or is outside the limits of the setting.
    """
    (row,) = (row for row in setting_table() if row["key"] == key)
    what, kind = f"the setting {key}", row["type"]
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
        for item in filter(None, value.split(",")):
            validate_one_of(f"each item of {what}", item, row["choices"])
