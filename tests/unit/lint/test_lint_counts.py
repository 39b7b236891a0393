"""The totals of lint: a check that could not run has not passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lint import __main__ as lint
from tools.lint.check import Check, Result, SkippedError


def sound(_root: Path) -> Result:
    return Result()


def broken(_root: Path) -> Result:
    return Result(["a finding"])


def without_its_tool(_root: Path) -> Result:
    raise SkippedError("its tool is not installed")


@pytest.mark.parametrize(
    ("checks", "says", "code"),
    [
        ([sound, without_its_tool], "lint: 1 passed, 0 failed, 1 skipped", 0),
        ([sound, broken, without_its_tool], "lint: 1 passed, 1 failed, 1 skipped", 1),
        ([without_its_tool], "lint: 0 passed, 0 failed, 1 skipped", 2),
    ],
)
def test_skipped_is_not_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], checks: list, says: str, code: int
) -> None:
    monkeypatch.setattr(lint, "CHECKS", [Check(run.__name__, run) for run in checks])
    assert lint.main([]) == code
    assert capsys.readouterr().out.splitlines()[-1] == says
