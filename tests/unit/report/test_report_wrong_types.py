"""A field of the wrong type is listed as unreadable, or shown. It never breaks the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from rig.report import build
from rig.runs.load import read_run
from rig.runs.store import write_summary
from rig.timeline.codec import EVENT_TYPES
from rig.timeline.layout import layout_of

WRONG: tuple[Any, ...] = (
    None,
    True,
    1,
    -(2**70),
    2**70,
    1e308,
    0.5,
    "nan",
    "",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    [],
    [1],
    [None],
    [[]],
    ["x", {}],
    {},
    {"x": 1},
    {"x": [None]},
    {"": {"": ""}},
)
PLAUSIBLE: dict[type, Any] = {str: "x", bool: True, int: 5, float: 5, list: [], dict: {}, type(None): None}
TEST = "t.py::test_it"


def plausible(event_type: type) -> dict[str, Any]:
    """Make a readable line of an event type."""
    layout = layout_of(event_type)
    line: dict[str, Any] = {"type": layout.name}
    for name in layout.fields:
        accepted = layout.accepted.get(name)
        if accepted is None:
            line[name] = {"status": "Accepted"}
        elif accepted.values:
            line[name] = accepted.values[0]
        else:
            line[name] = PLAUSIBLE[accepted.types[0]]
    return line


def record_with(lines: list[dict[str, Any]], path: Path) -> None:
    """Write a record of one test with these lines."""
    common = {"id": 0, "t": 0, "uncertainty": 0, "source": "s"}
    begin = {"type": "test_started", **common, "nodeid": TEST}
    end = {"type": "test_ended", **common, "id": 9_999, "t": 9, "nodeid": TEST, "outcome": "failed", "seconds": 1.0}
    path.write_bytes(b"".join(to_json(line) for line in [begin, *lines, end]))


def to_json(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"  # orjson writes no integer of more than 64 bits


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_no_wrong_type_breaks_the_report(name: str, tmp_path: Path) -> None:
    """Each field, including `wall`, gets each wrong value between the start and the end of a test."""
    good = plausible(EVENT_TYPES[name])
    lines = [good]
    lines += [good | {field: value} for field in (*layout_of(EVENT_TYPES[name]).fields, "wall") for value in WRONG]
    lines += [{key: value for key, value in good.items() if key != left_out} for left_out in good]
    for number, line in enumerate(lines):
        if isinstance(line.get("id"), int) and line["id"] == 5:
            line["id"] = number
    record_with(lines, tmp_path / "run.jsonl")
    run = read_run(tmp_path)
    assert run.skipped_lines
    assert build(tmp_path, tmp_path / "out").exists()
    assert orjson.loads(write_summary(tmp_path).read_bytes())["tests"]


def test_a_wrong_element_of_a_list_is_unreadable(tmp_path: Path) -> None:
    panic = {"type": "panic", "id": 1, "t": 1, "uncertainty": 0, "source": "s", "cause": "x", "backtrace": [1]}
    record_with([panic], tmp_path / "run.jsonl")
    ((number, why),) = read_run(tmp_path).skipped_lines
    assert number == 2
    assert why == "'panic' with '1' in backtrace, which is of the wrong type"
