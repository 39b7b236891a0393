"""Write the table of the device's settings as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from rig.adapters.setting_table import setting_table

HEAD = """# Settings reference

After this page you know every setting of the charge point firmware, its limits and its default. Change a setting with
`set KEY VALUE` on the [console](console-protocol.md#commands), or by its OCPP name with ChangeConfiguration. A setting
without a key in the first column is read-only.

A setting that is "on trial" returns to its previous value if the new value cuts the device off.
[The feature's page](../firmware/src/features/config/README.md) describes trials, and how the device stores settings.
`make settings` generates this page from the firmware's table.
"""


def setting_reference(_root: Path) -> str:
    """Return the whole page. The table belongs to the rig, so the folder is not used."""
    return "\n".join((HEAD, *_tables())) + "\n"


def _tables() -> Iterator[str]:
    separator = ""
    for group, rows in groupby(setting_table(), key=lambda row: row["group"]):
        yield f"{separator}## {group}\n"
        yield "| key | OCPP | default | limits | meaning |"
        yield "| --- | --- | --- | --- | --- |"
        yield from (_row(row) for row in rows)
        separator = "\n"


def _row(row: dict[str, Any]) -> str:
    key = "" if row.get("read_only") else f"`{row['key']}`"
    value = row.get("default", row.get("value"))
    default = f"`{value}`" if value else "none"
    limits = "read-only" if row.get("read_only") else _limits(row)
    notes = [text for name, text in _NOTES.items() if row.get(name)]
    return f"| {key} | {row.get('ocpp', '')} | {default} | {limits} | {' '.join([row['help'], *notes])} |"


_NOTES = {
    "secret": "Secret: it is never shown.",
    "reboot": "A new value is used from the next boot.",
    "trial": "[On trial](../firmware/src/features/config/README.md#trials).",
}


def _limits(row: dict[str, Any]) -> str:
    if row["type"] == "number":
        unit = f" {row['unit']}" if "unit" in row else ""
        return f"{row['least']} to {row['most']}{unit}"
    if row["type"] == "boolean":
        return "`true`, `false`"
    if "choices" in row:
        return ", ".join(f"`{choice}`" for choice in row["choices"])
    return f"at most {row['most']} {row['unit']}" if "most" in row else "text"
