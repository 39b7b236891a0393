"""The verdict of `make conformance` on the results of its cases."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tools.conformance import BEYOND_LIMIT, findings, main


@dataclass
class Case:
    """A result as kosoku reports it."""

    case_id: str
    passed: bool
    remote_close_code: int | None = 1000
    result: str = "Actual events differ from any expected."
    result_close: str = "Connection was properly closed."
    description: str = "Send a ping."


def test_passed_cases_have_no_finding() -> None:
    assert not findings([Case("1.1.1", passed=True), Case("2.3", passed=True)])


def test_a_failed_case_is_a_finding_with_its_reason() -> None:
    assert findings([Case("2.3", passed=False)]) == [
        "2.3: Actual events differ from any expected. Connection was properly closed. The case: Send a ping."
    ]


def test_a_case_beyond_the_limit_must_be_rejected_as_too_big() -> None:
    case = next(iter(BEYOND_LIMIT))
    assert not findings([Case(case, passed=False, remote_close_code=1009)])
    assert findings([Case(case, passed=False, remote_close_code=1002)]) == [f"{case}: closed with 1002, not with 1009"]


def test_a_case_that_is_listed_as_beyond_the_limit_must_fail() -> None:
    assert "update BEYOND_LIMIT" in findings([Case(next(iter(BEYOND_LIMIT)), passed=True)])[0]


def test_no_result_is_a_finding() -> None:
    assert findings([]) == ["the server ran no case"]


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("9.1.1", "9.1.1 is not run: performance"),
        ("12.*", "12.* is not run: compression"),
        ("foo", "no such case: foo. A"),
    ],
)
def test_a_case_that_cannot_be_run_is_an_error(case: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--cases", case])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
