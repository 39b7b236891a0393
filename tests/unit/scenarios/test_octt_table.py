"""The table of `make octt`, from a JUnit file."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.scenarios import Scenario
from tools.octt import results, table, totals

JUNIT = """\
<testsuites><testsuite>
<testcase classname="s" name="TC_1" time="0.5"/>
<testcase classname="s" name="TC_2" time="0.25"><failure message="expected Heartbeat&#10;the exchange"/></testcase>
<testcase classname="s" name="TC_3" time="0"><skipped message="not supported: reservation"/></testcase>
<testcase classname="s" name="TC_4" time="0"><skipped message="the bench lacks: inputs"/></testcase>
<testcase classname="s" name="scenarios/TC_5.yaml" time="0"><error message="collection failure"/></testcase>
</testsuite></testsuites>
"""
CASES = [Scenario(Path(f"TC_{n}.yaml"), f"title {n}", (), case=f"TC_{n}", group="g") for n in range(1, 7)]


@pytest.fixture
def junit(tmp_path: Path) -> Path:
    path = tmp_path / "octt.xml"
    path.write_text(JUNIT)
    return path


@pytest.mark.parametrize(
    ("case", "verdict", "reason"),
    [
        ("TC_1", "passed", ""),
        ("TC_2", "failed", "expected Heartbeat"),
        ("TC_3", "not supported", "reservation"),
        ("TC_4", "skipped", "the bench lacks: inputs"),
        ("TC_5", "error", "collection failure"),
    ],
)
def test_each_outcome_of_pytest_has_its_verdict(junit: Path, case: str, verdict: str, reason: str) -> None:
    found = results(junit)[case]
    assert (found.verdict, found.reason) == (verdict, reason)


def test_the_totals_count_a_case_that_did_not_run(junit: Path) -> None:
    assert totals(CASES, results(junit)) == (
        "6 cases: 1 passed, 1 failed, 1 not supported, 1 skipped, 1 error, 1 no result"
    )


def test_a_case_that_is_not_supported_names_the_feature(junit: Path) -> None:
    assert "  TC_3           not supported   0.00 s  reservation: title 3" in table(CASES, results(junit))
