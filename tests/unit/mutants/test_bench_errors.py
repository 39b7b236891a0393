"""A bench error gives no verdict on a planted bug, so the tests run once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import mutants


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (["unclear", "found"], "found"),
        (["unclear", "unclear", "found"], "unclear"),
        (["survived", "found"], "survived"),
    ],
)
def test_an_unclear_run_is_repeated_once(monkeypatch: pytest.MonkeyPatch, verdicts: list[str], expected: str) -> None:
    runs = iter(verdicts)
    monkeypatch.setattr(mutants, "_run_once", lambda *_: (next(runs), ""))
    assert mutants._run(Path("copy"), "tests/hil")[0] == expected
