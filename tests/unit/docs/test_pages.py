"""Pages quote messages, files and commands that exist."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import _pytest.python
import pytest
import yaml

from tests.document import ROOT, blocks
from tools.lint.jenkinsfile import shape, targets
from tools.mutants import CATALOGUE, OCTT_CATALOGUE, POWERCUT_CATALOGUE, catalogue

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TROUBLE = (ROOT / "docs" / "troubleshooting.md").read_text()


@cache
def messages() -> list[str]:
    """All texts of the sources and of pytest's checks of tests, the values in them as `…`."""
    found = []
    ours = (path for folder in ("rig", "fixtures", "tools") for path in sorted((ROOT / folder).rglob("*.py")))
    for path in (*ours, Path(_pytest.python.__file__)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                found.append("".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


@pytest.mark.parametrize("quoted", re.findall(r"^### `(.+)`$", TROUBLE, re.MULTILINE))
def test_troubleshooting_quotes_messages_that_exist(quoted: str) -> None:
    parts = [part for part in quoted.split("…") if part.strip(" :.()")]
    pattern = re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
    assert any(pattern.search(message) for message in messages()), f"no source has a message like {quoted!r}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/ci.md", "docs/reports.md", "docs/wiring.md"])
def test_pages_call_targets_that_exist(page: str) -> None:
    known = targets((ROOT / "Makefile").read_text())
    named = re.findall(r"`make ([a-z][a-z-]+)|^    make ([a-z][a-z -]+)$", (ROOT / page).read_text(), re.MULTILINE)
    words = {word for one, many in named for word in (one or many).split()}
    assert words <= known


def test_the_ci_page_has_files_that_can_be_read() -> None:
    page = ROOT / "docs" / "ci.md"
    files = [yaml.safe_load(text) for kind, text, _ in blocks(page) if kind == "yaml"]
    assert [list(file) for file in files] == [[True, "jobs"], ["check"]]  # YAML 1.1 reads the key `on` as true
    (pipeline,) = (text for kind, text, _ in blocks(page) if kind == "groovy")
    assert shape(pipeline) == []
    for text in [text for kind, text, _ in blocks(page) if kind in ("yaml", "groovy")]:
        assert len(text.splitlines()) <= 10
        assert ".ci/run" in text


def test_the_dependency_page_has_every_direct_dependency_with_its_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    rows = re.findall(
        r"^\| ([\w., -]+) \| ([\w., ]+) \|", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE
    )
    listed = {pair for names, versions in rows for pair in zip(names.split(", "), versions.split(", "), strict=False)}
    for dependency in project["dependencies"] + project["optional-dependencies"]["dev"]:
        name, version = dependency.split(";")[0].split("==")
        assert (name, version) in listed, f"docs/dependencies.md: no row with a reason for {name} {version}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_command_has_one_spelling(page: Path) -> None:
    """The environment is activated once; then the commands are rig and pytest."""
    text = page.read_text()
    assert ".venv/bin/rig" not in text
    assert "python -m rig" not in text


def test_the_changelog_is_short() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("## ")] == ["## 0.1.0"]
    assert sum(line.startswith("- ") for line in lines) <= 20


def test_the_ci_page_has_the_number_of_planted_bugs() -> None:
    suites = {
        "for the HIL suite": CATALOGUE,
        "for the compliance set": OCTT_CATALOGUE,
        "for the power cuts": POWERCUT_CATALOGUE,
    }
    page = (ROOT / "docs" / "ci.md").read_text()
    assert {suite: int(count) for suite in suites for count in re.findall(rf"(\d+) {suite}", page)} == {
        suite: len(catalogue(path)) for suite, path in suites.items()
    }
