"""`make powercut` sums up the findings of its processes, and names the run in which one of them crashed."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tools import powercut
from tools.summary import tally

TALLY = {
    "scenario": "charge",
    "operations": 4,
    "first_cuts": 6,
    "nested_cuts": 10,
    "nested_of": 20,
    "most_operations": 9,
    "failed_runs": 0,
    "rules": {},
}
FINDING = {"id": "charge:1n:2h:s1", "rule": "order", "text": "a stop before its start"}


def program(folder: Path, body: str) -> Path:
    """Write a program in place of the runner. It reads `share`, and with `--trace` prints run ids."""
    path = folder / "program"
    head = 'for last; do :; done\nshare=0; trace=\nwhile [ $# -gt 0 ]; do case "$1" in\n'
    head += '--share) share="$2";; --trace) trace=1;;\nesac; shift; done\n'
    path.write_text(f"#!/bin/sh\n{head}{body}\n")
    path.chmod(0o755)
    return path


def lines(*entries: dict[str, object]) -> str:
    """Make the program print these entries."""
    return "".join(f"echo '{json.dumps(entry)}'\n" for entry in entries)


def run(path: Path, *options: str) -> tuple[int, Path]:
    """Run the tool with two jobs. Return its exit code and the JUnit file."""
    junit = path.parent / "powercut.xml"
    return powercut.main(["--program", str(path), "--jobs", "2", "--junit", str(junit), *options]), junit


def test_the_shares_are_summed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two processes with half of the cuts each cover all operations and effects."""
    code, junit = run(program(tmp_path, lines(TALLY)))
    printed = capsys.readouterr().out
    assert code == 0
    assert printed.splitlines()[1].split() == ["charge", "4", "12", "100", "%", "20", "40", "9", "0"]
    assert tally(junit).passed == 1


def test_a_missing_share_reduces_the_coverage(tmp_path: Path) -> None:
    """Coverage counts the cuts that were made, not the requested ones."""
    path = program(tmp_path, lines(TALLY))
    assert [row.covered for row in powercut.explore(path, 1, [])] == [50.0]


def test_a_broken_rule_fails_with_ids_that_replay_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The shortest id of each rule is printed, and written to the JUnit file."""
    shorter = FINDING | {"id": "charge:3r:s1"}
    broken = TALLY | {"failed_runs": 2, "rules": {"order": 2}}
    code, junit = run(
        program(tmp_path, f"if [ $share = 1 ]; then {lines(FINDING, shorter, broken)} else {lines(TALLY)} fi")
    )
    assert code == 1
    assert "make powercut ID=charge:3r:s1\n  order: a stop before its start" in capsys.readouterr().out
    failure = ElementTree.parse(junit).getroot().find(".//failure")
    assert failure is not None
    assert failure.get("message") == "order: 2 runs"
    assert tally(junit).failed == 1


def test_a_crash_names_its_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run is reproducible: the id that the program printed last is the one that crashed."""
    body = 'if [ "$trace" ]; then echo charge:1n:s1; echo charge:1h:s1; fi\necho "stack overflow" >&2; exit 134'
    code, _junit = run(program(tmp_path, body))
    assert code == 2
    shown = capsys.readouterr().err
    assert "crashed in charge:1h:s1 (exit code 134)" in shown
    assert "stack overflow" in shown


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("echo 'powercut: there is no scenario'>&2; exit 2", "there is no scenario"),
        ("echo 'leak' >&2; exit 1", "crashed before the first cut"),
    ],
)
def test_a_program_that_does_not_run_is_an_error_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, expected: str
) -> None:
    """A usage error is printed as it is; an exit code alone does not count as a crash in a run."""
    code, _junit = run(program(tmp_path, body))
    assert code == 2
    assert expected in capsys.readouterr().err


def test_a_missing_program_is_an_error_with_the_remedy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message has the remedy."""
    code, _junit = run(tmp_path / "none")
    assert code == 2
    assert "build it with `make powercut`" in capsys.readouterr().err


def test_depth_and_full_choose_the_second_cuts(tmp_path: Path) -> None:
    """Depth 1 makes no second cuts, `--full` all of them."""
    path = program(tmp_path, "")
    path.write_text('#!/bin/sh\necho "$@" >> "$(dirname "$0")/log"\n' + lines(TALLY))
    for options in ([], ["--depth", "1"], ["--full"]):
        run(path, *options)
    asked = [line.split("--nested ")[1].split()[0] for line in (tmp_path / "log").read_text().splitlines()[::2]]
    assert asked == [str(powercut.NESTED_FIXED), "0", str(powercut.NESTED_ALL)]
