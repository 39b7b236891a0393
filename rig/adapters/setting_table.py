"""The settings of this project's firmware: the table of firmware/src/features/config/keys.cpp.

`make settings` writes the file from the firmware, and a test of the firmware compares the two.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

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
