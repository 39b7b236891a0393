"""Form fields made from descriptions: the arguments of faults and calls, and JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui


class Argument:
    """A field for one argument, as `rig.live.calls` describes it.

    Args:
        name: the argument's name.
        described: `type`, `default`, and `least`, `above`, `most` or `choices` if it has them.
    """

    def __init__(self, name: str, described: Mapping[str, Any]) -> None:
        self.name = name
        self._type = described["type"]
        default = described.get("default")
        label = f"{name}{_limits(described)}"
        if choices := described.get("choices"):
            self._field: Any = ui.select(list(choices), value=default, label=label)
        elif self._type == "bool":
            self._field = ui.checkbox(name, value=bool(default))
        elif self._type in ("int", "float"):
            least = described.get("least", described.get("above"))
            self._field = ui.number(label, value=default, min=least, max=described.get("most"))
            if self._type == "int":
                self._field.precision = 0
        else:
            self._field = ui.input(label, value=default or "")
        self._field.classes("w-full")

    @property
    def value(self) -> Any:
        """The entered value; None if the field is empty."""
        value = self._field.value
        return int(value) if self._type == "int" and value is not None else value


def _limits(described: Mapping[str, Any]) -> str:
    least, above, most = (described.get(name) for name in ("least", "above", "most"))
    if least is None and above is None and most is None:
        return ""
    low = f"over {above:,g}" if above is not None else "" if least is None else f"{least:,.15g}"
    high = "" if most is None or most >= 1e9 else f"{most:,.15g}"
    if low and high:
        return f" ({low} to {high})"
    return f" (at least {low})" if low else f" (at most {high})" if high else ""
