"""Writes steps as a pytest test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rig.recording.steps import Step

_INDENT = "    "


def pytest_file(title: str, steps: Sequence[Step], skipped: Sequence[str] = (), name: str = "test_recorded") -> str:
    """Return a file with one test (docs/writing-tests.md).

    Args:
        title: the subject of the test, in one sentence.
        steps: its steps.
        skipped: acts that no step describes, and lost events; a comment names them.
        name: the name of the function.
    """
    body = [f"# Not recorded: {', '.join(skipped)}."] if skipped else []
    body += _lines(steps)
    code = "\n".join(body)
    imports = ["from rig.faults import by_name"] if "by_name(" in code else []
    imports += ["from rig.ocpp.ocppj import CallError"] if "CallError(" in code else []
    lines = [
        f'"""{_quotable(title)}"""',
        "",
        "from __future__ import annotations",
        "",
        "from rig.bench import Bench",
        "from rig.csms import Csms",
        "from rig.device import Device",
        *imports,
        "",
        "",
        f"def {name}(device: Device, bench: Bench, csms: Csms) -> None:",
        f'{_INDENT}"""Repeat the acts of a hand session, and expect the messages and outputs that followed them."""',
        *(f"{_INDENT}{line}" for line in body),
    ]
    return "\n".join(lines) + "\n"


def _lines(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        block = _block(step)
        if block:
            yield block
            yield from (f"{_INDENT}{line}" for line in list(_lines(step.during or ())) or ["pass"])
        else:
            yield from _statement(step)


def _block(step: Step) -> str:
    """Return the head of a step with steps in it; empty for any other step."""
    match step:
        case Step("reboot"):
            return "with device.expecting_reboot():"
        case Step("fault", name, options):
            given = "".join(f", {key}={_code(value)}" for key, value in options.get("with", {}).items())
            return f"with bench.inject(by_name({_code(name)}{given})):"
    return ""


def _statement(step: Step) -> Iterator[str]:
    value, options = step.value, step.options
    match step.name:
        case "inputs":
            yield from (f"bench.inputs[{_code(name)}].set({on!r})" for name, on in value.items())
        case "power":
            yield f"bench.power.{value}()"
        case "draw":
            yield f'bench.inputs["meter_pulse"].train({value!r}, {options["hz"]!r}).wait()'
        case "output":
            yield f"bench.outputs[{_code(value)}].expect({options['is']!r})"
        case "wait":
            yield f"device.let_time_pass({float(value.split()[0])!r})"
        case "expect":
            given = "".join(f", {key}={_code(field)}" for key, field in options.get("with", {}).items())
            yield f"csms.expect({_code(value)}{given})"
        case "call":
            given = f", {_code(options['with'])}" if "with" in options else ""
            given += _unchecked(options)
            if "result" in options:
                yield f"answer = csms.call({_code(value)}{given})"
                yield f'assert answer["status"] == {_code(options["result"]["status"])}'
            else:
                yield f"csms.call({_code(value)}{given})"
        case "answer":
            answer = f"CallError({_code(options['error'])})" if "error" in options else _code(options["with"])
            times = f", {options['times']!r}" if "times" in options else ""
            yield f"csms.answer({_code(value)}, {answer}{times}{_unchecked(options)})"
        case "close":
            yield f"csms.close({value!r})"


def _unchecked(options: Mapping[str, Any]) -> str:
    return ", check=False" if options.get("unchecked") else ""


def _quotable(text: str) -> str:
    """Escape the characters that would end a docstring or begin an escape sequence."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _code(value: Any) -> str:
    """Return a value of JSON in Python, with double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_code(key)}: {_code(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_code, value))}]"
    return repr(value)
