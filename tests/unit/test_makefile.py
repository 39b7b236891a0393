"""The commands of the Makefile's targets, without running them."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("bench", ["benches/virtual.toml", "benches/my bench.toml"])
@pytest.mark.parametrize("target", ["demo", "hil"])
def test_the_bench_is_one_word_of_the_command(target: str, bench: str) -> None:
    recipe = subprocess.run(
        ["make", "--dry-run", target, f"BENCH={bench}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    sessions = [words for words in map(shlex.split, commands(recipe.stdout)) if "tests/hil" in words]
    assert [f"--bench={bench}" in words for words in sessions] == [True]


def commands(recipe: str) -> list[str]:
    """Return the shell commands of a dry run that begin a pytest session."""
    joined = recipe.replace("\\\n", " ")
    return [part for line in joined.splitlines() for part in line.split(";") if "-m pytest" in part]
