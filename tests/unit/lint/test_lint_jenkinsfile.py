"""The Jenkinsfile calls targets of the Makefile, and its brackets match."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lint import jenkinsfile

ROOT = Path(__file__).resolve().parents[3]


def test_every_target_of_the_jenkinsfile_exists() -> None:
    assert jenkinsfile.run(ROOT).findings == []


def test_stages_call_the_targets() -> None:
    called = {target for _line, target in jenkinsfile.made((ROOT / "Jenkinsfile").read_text())}
    assert {"setup", "lint", "unit", "firmware-test", "pio-test", "hil", "coverage"} <= called


def test_unknown_target_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("lint: setup ## check\nCTEST := x\nsetup:\n")
    (tmp_path / "Jenkinsfile").write_text("pipeline {\n  // make nonsense\n  sh 'make -j2 lint BENCH=x tset'\n}\n")
    (finding,) = jenkinsfile.run(tmp_path).findings
    assert finding == "Jenkinsfile:3: `make tset`: the Makefile has no such target"


def test_a_step_that_calls_no_target_is_found(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("hil:\n")
    (tmp_path / "Jenkinsfile").write_text(
        "pipeline {\n  // sh 'x'\n  sh 'make hil BENCH=\"$B\"'\n  sh '''\n  .venv/bin/pytest x\n  make hil\n'''\n}\n"
    )
    (finding,) = jenkinsfile.run(tmp_path).findings
    assert finding == "Jenkinsfile:5: `.venv/bin/pytest x` is not a target of the Makefile: add one"


@pytest.mark.parametrize(
    "text",
    ["pipeline {\n", "pipeline {\n}}\n", "pipeline {\n  x(]\n}\n", "pipeline {\n  sh 'make\n}\n", "node {\n}\n"],
)
def test_broken_shape_is_found(text: str) -> None:
    assert jenkinsfile.shape(text)


def test_brackets_in_words_do_not_count() -> None:
    assert jenkinsfile.shape("pipeline {\n  sh 'a ( b'\n  // {\n  sh '''\n (\n '''\n}\n") == []


def test_every_target_has_a_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = makefile.partition(".PHONY:")[2].partition("\n\n")[0].replace("\\", " ").split()
    described = {line.split(":")[0] for line in makefile.splitlines() if " ## " in line and ":" in line}
    assert set(phony) == described
