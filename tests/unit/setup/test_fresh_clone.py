"""`make fresh-clone` reports the duration of a demo, and files left outside the clone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAKEFILE = """demo:
\t@sleep 2
\t@{recipe}
"""


@pytest.fixture
def check(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Run the check of a project whose demo takes two seconds. Return exit code and lines."""

    def run(recipe: str = "true", **limits: str) -> tuple[int, list[str]]:
        project = tmp_path / "project"
        (project / "tools").mkdir(parents=True)
        shutil.copy(ROOT / "tools" / "fresh_clone_check.sh", project / "tools")
        (project / "Makefile").write_text(MAKEFILE.format(recipe=recipe))
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", project]
        subprocess.run(["git", "init", "--quiet", project], check=True)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", "a project"], check=True)
        environment = os.environ | {"TMPDIR": str(tmp_path)} | limits
        command = [project / "tools" / "fresh_clone_check.sh", "demo"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return done.returncode, [line for line in done.stdout.splitlines() if line.startswith(("ok", "FAIL"))]

    return run


def test_a_demo_in_time_passes(check) -> None:  # type: ignore[no-untyped-def]
    code, lines = check()
    assert code == 0
    assert [line.split()[0] for line in lines] == ["ok"] * 4


@pytest.mark.parametrize("which", ["first", "second"])
def test_a_demo_that_takes_too_long_is_reported(check, which: str) -> None:  # type: ignore[no-untyped-def]
    code, lines = check(**{f"{which.upper()}_DEMO_S": "1"})
    assert code == 1
    (failed,) = (line for line in lines if line.startswith("FAIL"))
    assert failed.startswith(f"FAIL  make demo, the {which} time: ")
    assert failed.endswith(" s, more than 1 s")


def test_files_left_outside_the_clone_are_reported(check) -> None:  # type: ignore[no-untyped-def]
    code, lines = check("touch $$HOME/left")
    assert code == 1
    assert "FAIL  left outside the clone:" in lines
