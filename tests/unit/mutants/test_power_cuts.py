"""The power cuts find a bug when it breaks a rule that the correct device keeps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tools import mutants, powercut
from tools.mutants import Mutant

BUG = Mutant("bug", "a.cpp", "x", "y")


def rows(rules: dict[str, int]) -> list[powercut.Row]:
    """Return the runner's findings in one scenario."""
    return [powercut.Row("charge", rules=Counter(rules))]


@pytest.mark.parametrize(
    ("by_first_cuts", "by_second_cuts", "verdict"),
    [
        ({"order": 2}, {}, "found"),
        ({}, {"order": 1}, "found"),
        ({"unreported": 9}, {"unreported": 9}, "survived"),
        ({}, {}, "survived"),
    ],
    ids=["first-cut", "second-cut", "as-the-correct-device", "nothing"],
)
def test_a_bug_is_found_by_a_rule_that_the_correct_device_keeps(
    monkeypatch: pytest.MonkeyPatch, by_first_cuts: dict[str, int], by_second_cuts: dict[str, int], verdict: str
) -> None:
    """Second cuts are tried where no first cut finds the bug."""

    def explore(_program: Path, _jobs: int, options: list[str]) -> list[powercut.Row]:
        return rows(by_first_cuts if options[:2] == ["--nested", "0"] else by_second_cuts)

    monkeypatch.setattr(mutants, "_build_cuts", lambda _tree: None)
    monkeypatch.setattr(powercut, "explore", explore)
    assert mutants.find_by_cuts({("charge", "unreported"): 12})(Path(), BUG)[0] == verdict


def test_the_likely_scenario_is_tried_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others run only if the likely one does not find the bug."""
    tried: list[list[str]] = []

    def explore(_program: Path, _jobs: int, options: list[str]) -> list[powercut.Row]:
        tried.append(options)
        return rows({} if "--scenario" in options else {"order": 1})

    monkeypatch.setattr(mutants, "_build_cuts", lambda _tree: None)
    monkeypatch.setattr(powercut, "explore", explore)
    bug = Mutant("bug", "a.cpp", "x", "y", "resume")
    assert mutants.find_by_cuts({("charge", "unreported"): 12})(Path(), bug)[0] == "found"
    assert [options[2:] for options in tried] == [["--scenario", "resume"], ["--scenario", "resume"], []]


def test_a_crash_finds_a_bug_and_a_failed_build_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of the runner's sanitizers finds a bug; a bug that does not build is unclear."""

    def crash(_program: Path, _jobs: int, _options: list[str]) -> list[powercut.Row]:
        raise powercut.PowercutError("crashed in charge:1n:s1")

    def broken_build(_tree: Path) -> None:
        raise mutants.BuildError("expected ';'")

    monkeypatch.setattr(powercut, "explore", crash)
    monkeypatch.setattr(mutants, "_build_cuts", lambda _tree: None)
    assert mutants.find_by_cuts({})(Path(), BUG) == ("found", "crashed in charge:1n:s1")
    monkeypatch.setattr(mutants, "_build_cuts", broken_build)
    assert mutants.find_by_cuts({})(Path(), BUG) == ("unclear", "expected ';'")
