"""Wrong scenario files: the message has file, line and column, and the allowed content."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.scenarios import ScenarioError, load
from tests.unit.scenarios.conftest import Load

HEAD = "scenario: a test\nsteps:\n"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("scenario: [", "1:12", "this is not YAML"),
        ("scenario: a\nscenario: b\nsteps: [plug_in]\n", "2:1", "duplicate key"),
        ("steps: [plug_in]\n", "1:1", "'scenario' is missing"),
        ("scenario: a\nsteps: []\n", "2:1", "at least one step"),
        ("scenario: a\nstep: [plug_in]\n", "2:1", "did you mean 'steps'?"),
        ("scenario: a\nrequires: [time travel]\nsteps: [plug_in]\n", "2:12", "smart charging"),
        ("scenario: a\ntime_limit: 5\nsteps: [plug_in]\n", "2:1", "such as 5 min"),
        (HEAD + "  - plug_inn\n", "3:5", "did you mean 'plug_in'? Allowed: "),
        (HEAD + "  - expect\n", "3:5", "needs a value"),
        (HEAD + "  - expct: Heartbeat\n", "3:5", "did you mean 'expect'?"),
        (HEAD + "  - expect: Hartbeat\n", "3:5", "did you mean 'Heartbeat'?"),
        (HEAD + "  - expect: Heartbeat\n    wth: {}\n", "4:5", "did you mean 'with'? Allowed: with, timeout"),
        (HEAD + "  - output: contactor\n", "3:5", "needs the option 'is'"),
        (HEAD + "  - unplug: now\n", "3:5", "has no value"),
        (HEAD + "  - wait: 5\n", "3:5", "such as 500 ms, 20 s"),
        (
            HEAD + "  - expect: StatusNotification\n    with:\n      connectorId: 1\n      status: Prepared\n",
            "6:7",
            "did you mean 'Preparing'?",
        ),
        (HEAD + "  - expect: StatusNotification\n    with: {connectorID: 1}\n", "4:12", "did you mean 'connectorId'?"),
        (HEAD + "  - call: Reset\n    with: {type: Soft}\n    result: {status: Done}\n", "5:14", "Accepted"),
        (HEAD + "  - expect: Authorize\n    with: {idTag: {$match: x}}\n", "4:20", "Allowed: $matches"),
        (HEAD + "  - expect: Authorize\n    with: {idTag: {$matches: '('}}\n", "4:5", "regular expression"),
        (HEAD + '  - expect: Authorize\n    with: {idTag: "${card}"}\n', "3:5", "no variable 'card'. Allowed: "),
        (HEAD + "  - either:\n      - [plug_in]\n      - [unplug]\n", "4:10", "begins with `expect`"),
        (HEAD + "  - forbid: Heartbeat\n", "3:5", "`for`"),
        (HEAD + "  - fault: csms-gone\n", "3:5", "needs the option 'during'"),
        (HEAD + "  - fault: latency\n    with: {ms: soon}\n    during: [plug_in]\n", "4:5", "latency"),
        (HEAD + "  - within: 5 s\n    steps:\n      - plug_inn\n", "5:9", "did you mean 'plug_in'?"),
        (HEAD + "  - include: none.yaml\n", "3:5", "there is no file none.yaml"),
        (HEAD + "  - include: s.yaml\n", "3:5", "includes itself"),
    ],
)
def test_a_wrong_file_is_named_with_place_and_remedy(read: Load, text: str, place: str, words: str) -> None:
    with pytest.raises(ScenarioError) as wrong:
        read(text)
    assert str(wrong.value).startswith(f"s.yaml:{place}: ")
    assert words in str(wrong.value)


def test_a_parameter_that_a_part_does_not_have_is_named(read: Load, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("part: a part\nparams: {tag: T}\nsteps: [plug_in]\n")
    with pytest.raises(ScenarioError, match=r"s\.yaml:4:12: 'tg' is not a parameter of p\.yaml: did you mean 'tag'"):
        read(HEAD + "  - include: p.yaml\n    with: {tg: X}\n")


def test_an_error_in_a_part_names_the_part(read: Load, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("part: a part\nsteps:\n  - plug_inn\n")
    with pytest.raises(ScenarioError, match=r"p\.yaml:3:5: 'plug_inn' is not a step"):
        read(HEAD + "  - include: p.yaml\n")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"gone\.yaml:1:1: the file cannot be read"):
        load(tmp_path / "gone.yaml", tmp_path)
