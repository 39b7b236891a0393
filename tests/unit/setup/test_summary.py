"""The summary lines of `make test`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import summary

PYTEST = """<testsuites><testsuite tests="4">
<testcase name="a" time="0.5"/><testcase name="b" time="1"><failure message="x"/></testcase>
<testcase name="c"><error message="y"/></testcase><testcase name="d"><skipped/></testcase>
</testsuite></testsuites>"""

BUSY = """<testsuite><testcase name="a"><skipped message="not measurable: too busy"/></testcase>
<testcase name="b"><skipped message="the bench lacks tea"/></testcase></testsuite>"""

CTEST = """<testsuite tests="2">
<testcase name="test_json" time="0.1"><system-out>x:1:f:PASS
-----------------------
12 Tests 0 Failures 2 Ignored
OK</system-out></testcase>
<testcase name="test_crash" time="0.1"><failure message="SEGV"/><system-out>3 Tests 0 Failures 0 Ignored
</system-out></testcase></testsuite>"""


def test_counts_of_pytest(tmp_path: Path) -> None:
    path = tmp_path / "unit.xml"
    path.write_text(PYTEST)
    assert summary.tally(path) == summary.Tally(passed=1, failed=1, errors=1, skipped=1, seconds=1.5)


def test_counts_of_unity_programs_and_their_crashes(tmp_path: Path) -> None:
    path = tmp_path / "firmware.xml"
    path.write_text(CTEST)
    tally = summary.tally(path)
    assert (tally.passed, tally.failed, tally.skipped) == (13, 1, 2)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('<testsuite><testcase name="a"/></testsuite>', 0, "hil    1 passed, 0 failed in 0.0 s"),
        (BUSY, 0, "hil    0 passed, 0 failed, 1 skipped, 1 not measurable in 0.0 s"),
        (PYTEST, 1, "1 passed, 1 failed, 1 errors, 1 skipped"),
        ("<testsuite><testcase", 1, "incomplete"),
        ("<testsuite/>", 1, "0 passed, 0 failed"),
        (None, 1, "No such file"),
    ],
)
def test_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, code: int, words: str) -> None:
    path = tmp_path / "hil.xml"
    if text is not None:
        path.write_text(text)
    assert summary.main([str(path)]) == code
    assert words in capsys.readouterr().out
