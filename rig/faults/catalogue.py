"""All faults by name, for the command line and the live socket."""

from __future__ import annotations

import contextlib
import difflib
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_type_hints

from rig.faults import board, csms, files, frames, network, power, time_server
from rig.faults.fault import Fault
from rig.util.errors import BenchError

CATALOGUE: Mapping[str, type[Fault]] = {
    fault.name: fault for module in (power, board, network, time_server, csms, frames, files) for fault in module.FAULTS
}


def by_name(name: str, /, **arguments: Any) -> Fault:
    """Create a fault from its name and arguments on the command line.

    Args:
        name: the fault's name, e.g. `power-cut`.
        arguments: the fault's fields; a text is converted to the field's type.

    Raises:
        BenchError: the fault or field is unknown, or a value is outside its limits; names the valid ones.
    """
    cls = CATALOGUE.get(name.replace("_", "-").lower())
    if cls is None:
        raise BenchError(
            f"There is no fault {name!r}", f"{_nearest(name, CATALOGUE)}These exist: {', '.join(CATALOGUE)}"
        )
    hints = get_type_hints(cls)
    known = {field.name: hints[field.name] for field in fields(cls)}  # type: ignore[arg-type]
    values = {}
    for key, value in arguments.items():
        if key not in known:
            takes = f"It takes {', '.join(known)}" if known else "It takes no arguments"
            raise BenchError(f"The fault {cls.name} has no argument {key!r}", _nearest(key, known) + takes)
        values[key] = _converted(cls.name, key, value, known[key])
    try:
        return cls(**values)
    except ValueError as error:
        raise BenchError(str(error), "Give a value within its limits") from error


def _converted(fault: str, key: str, value: Any, hint: Any) -> Any:
    """Convert a value of the command line to the field's type."""
    if not isinstance(value, str) or hint not in (int, float):
        return value
    with contextlib.suppress(ValueError):
        number = hint(value)
        if math.isfinite(number):
            return number
    kind = "a whole number" if hint is int else "a number"
    raise BenchError(f"The fault {fault}: {key} is {kind}, not {value!r}", "Give a number")


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {found[0]!r}? " if found else ""
