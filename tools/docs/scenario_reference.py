"""The page with all steps of scenarios."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rig.scenarios.features import FEATURES_2, FEATURES_16
from rig.scenarios.schema import HEADER, PART
from rig.scenarios.step import ALTERNATIVES, DURATION, KINDS, STEPS, Schema
from rig.scenarios.values import MATCHERS

_INTRODUCTION = """\
# Scenario steps

After this page you know every key, step, matcher and feature of a scenario file. [scenarios.md](scenarios.md) explains
how to write and run scenarios. `make docs` generates this page.
"""


_NAMES = {
    "call_of_charge_point": "an action of the charge point",
    "call_of_csms": "an action of the CSMS",
    "error_code": "the code of a CALLERROR",
    "feature": "a feature",
}


def scenario_steps(_: Path) -> str:
    """Return the page of steps, matchers and features."""
    parts = [_INTRODUCTION, "## Keys of a scenario file\n", _keys(HEADER)]
    parts += ["The steps of `cleanup` run at the end, even if an earlier step has failed.\n"]
    parts += ["## Keys of a part\n", _keys(PART)]
    parts += ["## Steps\n", "| step | value | options | does |\n| --- | --- | --- | --- |"]
    for kind in KINDS.values():
        options = [f"`{name}`: {_words(each)}" for name, each in kind.options.items()]
        value = "" if kind.subject is None else _words(kind.subject)
        parts.append(f"| `{kind.name}` | {value} | {'; '.join(options)} | {kind.summary} |")
    parts.append(
        "| `include` | a file with `part`, relative to this file | `with`: its parameters "
        "| Play the steps of the part here. |"
    )
    parts += ["\n## Matchers\n", "| matcher | accepts |\n| --- | --- |"]
    parts += [f"| `{{{name}: …}}` | {words} |" for name, (words, _, _) in MATCHERS.items()]
    parts += [
        "\n## Features\n",
        "`requires` takes these names:\n",
        "| feature | OCPP 1.6 | OCPP 2.0.1 and 2.1 |\n| --- | --- | --- |",
    ]
    for name in sorted({*FEATURES_16, *FEATURES_2}):
        parts.append(f"| {name} | {_yes(name in FEATURES_16)} | {_yes(name in FEATURES_2)} |")
    return "\n".join(parts) + "\n"


def _keys(keys: Mapping[str, Schema]) -> str:
    rows = [f"| `{name}` | {_words(each)} |" for name, each in keys.items()]
    return "\n".join(["| key | value |", "| --- | --- |", *rows]) + "\n"


def _words(schema: Schema) -> str:
    """Describe a schema in a few words."""
    if schema is STEPS:
        return "steps"
    if schema is ALTERNATIVES:
        return "lists of steps"
    if schema == DURATION:
        return "a duration"
    if "$ref" in schema:
        return _NAMES[schema["$ref"].removeprefix("#/definitions/")]
    if "description" in schema:
        return str(schema["description"])
    if "enum" in schema:
        values = [str(value) for value in schema["enum"]]
        return ", ".join(f"`{value}`" for value in values) if len(values) <= 6 else f"a name such as `{values[0]}`"
    if "anyOf" in schema and schema["anyOf"][1:] == [{"type": "array", "items": schema["anyOf"][0], "minItems": 1}]:
        return f"{_words(schema['anyOf'][0])}, or a list of them"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_words(each) for each in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"a list of {_words(schema.get('items', {}))}"
    if schema.get("type") == "object":
        inner = [f"`{name}`: {_words(each)}" for name, each in schema.get("properties", {}).items()]
        return "; ".join(inner) or "a mapping"
    names = {"boolean": "`true` or `false`", "integer": "a whole number", "number": "a number", "string": "a text"}
    return names.get(str(schema.get("type")), "a value")


def _yes(is_there: bool) -> str:
    return "yes" if is_there else ""
