"""The rig and the firmware accept the same URLs and identities."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rig.adapters.csms_url import LONGEST_URL, problem_of_identity, problem_of_url

TABLE = Path(__file__).parents[2] / "firmware" / "test" / "test_csms_url" / "csms_urls.inc"
ROWS = re.findall(r"(?m)^CSMS_URL\((ACCEPTED|REFUSED), (\".*\")\)$", TABLE.read_text())


def test_every_row_of_the_table_is_read() -> None:
    assert len(ROWS) == TABLE.read_text().count("\nCSMS_URL(") > 40


@pytest.mark.parametrize(("answer", "literal"), ROWS)
def test_a_url_gets_the_firmwares_answer(answer: str, literal: str) -> None:
    problem = problem_of_url(json.loads(literal))
    assert ("REFUSED" if problem else "ACCEPTED") == answer, problem


@pytest.mark.parametrize(("length", "accepted"), [(LONGEST_URL, True), (LONGEST_URL + 1, False)])
def test_the_length_of_a_url_is_limited(length: int, accepted: bool) -> None:
    assert (problem_of_url("ws://h/".ljust(length, "p")) == "") == accepted


@pytest.mark.parametrize(
    ("identity", "problem"),
    [
        ("CP 1", ""),
        ("\U0001f50c" * 48, ""),
        ("", "must have 1 to 48 characters"),
        ("x" * 49, "must have 1 to 48 characters"),
        ("CP\r\nHost: x", "must have no control characters"),
        ("CP\udcff", "must have no control characters"),
    ],
)
def test_an_identity_gets_the_firmwares_answer(identity: str, problem: str) -> None:
    assert problem_of_identity(identity) == problem
