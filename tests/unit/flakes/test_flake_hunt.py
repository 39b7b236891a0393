"""The flake hunt repeats and shuffles tests, and reports failures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tools import flake_hunt

SAMPLE = """
    import pytest

    runs = []

    @pytest.fixture
    def fresh():
        return []

    @pytest.mark.parametrize("number", [1, 2])
    def test_that_passes(fresh, number):
        assert fresh == []
        fresh.append(number)

    def test_that_passes_once(fresh):
        runs.append(1)
        assert len(runs) == 1
"""


def hunted(pytester: pytest.Pytester, *options: str) -> list[str]:
    """Return the order in which an inner session ran its tests."""
    result = pytester.runpytest("-p", "tools.flake_hunt", "-v", *options)
    return [line.split()[0] for line in result.outlines if line.startswith("test_sample.py::")]


def test_runs_are_spread_evenly_over_the_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_sample=SAMPLE)
    assert sorted(Counter(hunted(pytester, "--hunt-runs=7")).values()) == [2, 2, 3]


def test_the_same_seed_makes_the_same_order(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_sample=SAMPLE)
    orders = [hunted(pytester, "--hunt-runs=12", f"--hunt-seed={seed}") for seed in (5, 5, 6)]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


def test_each_run_has_fixtures_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_sample=SAMPLE)
    pytester.runpytest("-p", "tools.flake_hunt", "--hunt-runs=9").assert_outcomes(passed=7, failed=2)


def test_without_its_option_nothing_changes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_sample=SAMPLE)
    pytester.runpytest("-p", "tools.flake_hunt").assert_outcomes(passed=3)


def test_a_hunt_reports_failures(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = pytester.makepyfile(test_sample=SAMPLE)
    monkeypatch.setattr(flake_hunt, "RESULTS", pytester.path / "results")
    monkeypatch.setattr(flake_hunt, "TABLE", pytester.path / "flakes.txt")
    arguments = ["--runs", "6", "--workers", "0", "--seed", "1", str(sample)]
    assert flake_hunt.main(arguments) == 1
    said = (pytester.path / "flakes.txt").read_text().splitlines()
    assert said[0] == "6 runs of 3 tests, seed 1: 1 failed"
    assert said[3].split()[:3] == ["2", "1", "0"]
    assert said[3].endswith("test_sample::test_that_passes_once")
    assert "1 times: assert 2 == 1" in said[4]
    assert flake_hunt.main([*arguments, "-k", "test_that_passes and not once"]) == 0
    assert flake_hunt.main([*arguments, "-k", "nothing"]) == 2
    assert "no test matches" in capfd.readouterr().err


def test_a_session_that_cannot_run_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(flake_hunt, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(flake_hunt, "TABLE", tmp_path / "flakes.txt")
    assert flake_hunt.main(["--runs", "1", "--workers", "0", "--", "--no-such-option"]) == 2
    assert "pytest ended with 4 and without results" in capfd.readouterr().err
