"""Writes steps as a scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from rig.recording.steps import Step

_INDENT = "  "


_SHORT_WAIT = Step("wait", "0.1 s")
"""The content of a block without steps: a block of a scenario cannot be empty."""


def scenario_file(title: str, steps: Sequence[Step], skipped: Sequence[str] = ()) -> str:
    """Return a scenario file (docs/scenarios.md).

    Args:
        title: the subject of the scenario, in one sentence.
        steps: its steps.
        skipped: acts that no step describes, and lost events; a comment names them.
    """
    lines = [f"# Not recorded: {', '.join(skipped)}"] if skipped else []
    lines += [f"scenario: {_value(title)}", "needs: [inputs, outputs]", "steps:"]
    return "\n".join([*lines, *_steps(steps, 1)]) + "\n"


def _steps(steps: Sequence[Step], depth: int) -> Iterator[str]:
    for step in steps:
        before, below = _INDENT * depth + "- ", _INDENT * (depth + 1)
        if step.name == "reboot":
            yield f"{before}reboot:"
            yield from _steps(step.during or (), depth + 2)
            continue
        yield f"{before}{step.name}: {_value(step.value)}"
        for name, value in step.options.items():
            yield f"{below}{name}: {_value(value)}"
        if step.during is not None:
            yield f"{below}during:"
            yield from _steps(step.during or [_SHORT_WAIT], depth + 2)


def _value(value: Any) -> str:
    """Return a value in YAML: JSON, of which YAML 1.2 is a superset, with plain words unquoted."""
    if isinstance(value, str) and value.replace("-", "").replace("_", "").isalnum() and value[0].isalpha():
        return value if value.lower() not in ("true", "false", "null", "yes", "no", "on", "off") else json.dumps(value)
    return json.dumps(value, ensure_ascii=False)
