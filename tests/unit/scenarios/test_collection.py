"""Scenario files as tests of pytest, in a project of their own, on a virtual bench without a device."""

from __future__ import annotations

import pytest

from tests.unit.fixtures.conftest import Play, play, time

__all__ = ["play", "time"]  # fixtures

DEVICE = """\
import pytest

@pytest.fixture
def device(bench):
    return None
"""


def put(pytester: pytest.Pytester, name: str, text: str) -> None:
    folder = pytester.path / "scenarios"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (pytester.path / "conftest.py").write_text(DEVICE)


def test_a_scenario_is_a_test_with_its_case_as_name(pytester: pytest.Pytester, play: Play) -> None:
    put(pytester, "s.yaml", "scenario: time passes\ncase: TC_1\nsteps:\n  - wait: 1 h\n")
    result = play("", "scenarios", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["scenarios/s.yaml::TC_1 PASSED*"])


def test_a_failed_step_is_a_failure_of_the_firmware(pytester: pytest.Pytester, play: Play) -> None:
    put(pytester, "s.yaml", "scenario: nobody sends\nsteps:\n  - expect: Heartbeat\n")
    result = play("", "scenarios")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["scenarios/s.yaml:3:5: expect: expected within 10 s: Heartbeat*"])
    assert "error of the test" not in result.stdout.str()


def test_a_wrong_step_is_an_error_at_collection(pytester: pytest.Pytester, play: Play) -> None:
    put(pytester, "s.yaml", "scenario: a\nsteps:\n  - wait: 1 h\n  - wayt: 1 h\n")
    result = play("", "scenarios")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*scenarios/s.yaml:4:5: 'wayt' is not a step: did you mean 'wait'?*"])


def test_a_part_is_no_test(pytester: pytest.Pytester, play: Play) -> None:
    put(pytester, "p.yaml", "part: a part\nsteps:\n  - wait: 1 h\n")
    put(pytester, "s.yaml", "scenario: a\nsteps:\n  - include: p.yaml\n")
    play("", "scenarios").assert_outcomes(passed=1)


def test_a_missing_capability_skips(pytester: pytest.Pytester, play: Play) -> None:
    put(pytester, "s.yaml", "scenario: a\nneeds: [inputs.coffee]\nsteps:\n  - wait: 1 h\n")
    result = play("", "scenarios", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*lacks: inputs.coffee*"])


def test_a_yaml_file_elsewhere_is_left_alone(pytester: pytest.Pytester, play: Play) -> None:
    (pytester.path / "other.yaml").write_text("a: [")
    play("def test_one(): pass").assert_outcomes(passed=1)
