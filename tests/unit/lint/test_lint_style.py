"""The checks of the style page: commits, wrapping, words."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import reflow
from tools.lint import commits, words
from tools.lint.check import SkippedError

Write = Callable[[str, str], Path]


def commit(repository: Path, subject: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", *identity, "commit", "--quiet", "--allow-empty", "--message", subject]
    subprocess.run(command, cwd=repository, check=True)


@pytest.mark.parametrize(
    ("subject", "problem"),
    [
        ("cli: add the option --version", ""),
        ("tools/lint: check subjects", ""),
        ("cli, docs: name one command", ""),
        ("Add the option --version", "no area"),
        ("cli:add the option", "no area"),
        ("cli: add the option.", "full stop"),
        ("cli: " + 67 * "x", ""),
        ("cli: " + 68 * "x", "73 characters"),
    ],
)
def test_subjects(subject: str, problem: str) -> None:
    found = commits.problem_of(subject)
    assert problem in found
    assert bool(problem) == bool(found)


def test_a_subject_without_area_is_found_with_its_commit(repository: Path) -> None:
    commit(repository, "a: first")
    commit(repository, "Second")
    (finding,) = commits.run(repository).findings
    assert finding.endswith("'Second': no area; write `area: imperative subject`")


def test_a_bad_subject_of_an_old_commit_is_ignored(repository: Path) -> None:
    commit(repository, "Bad")
    for number in range(commits.NEWEST):
        commit(repository, f"a: number {number}")
    assert commits.run(repository).findings == []


def test_without_history_the_check_is_skipped(tmp_path: Path) -> None:
    with pytest.raises(SkippedError):
        commits.run(tmp_path)


def test_a_page_that_is_not_wrapped_is_found(repository: Path, write: Write) -> None:
    write("wrapped.md", "word\n")
    write("page.md", "word " * 30 + "\n")
    assert reflow.run(repository).findings == ["page.md: not wrapped; run `make format`"]


def test_an_avoided_word_is_found_in_prose_and_tables_but_not_in_code(repository: Path, write: Write) -> None:
    write("page.md", "The port tells it.\n\n| it is told |\n\n`tell`\n\n```\ntell\n```\n")
    assert words.pages(repository).findings == [
        "page.md:1: 'tells': send, report, notify or announce",
        "page.md:3: 'told': send, report, notify or announce",
    ]


def test_more_uses_of_tell_are_found(repository: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("rig/a.py", "# tell, Told, intellect, assert_tells\n")
    monkeypatch.setattr(words, "TELL_LIMIT", 2)
    assert words.tell(repository).findings == []
    monkeypatch.setattr(words, "TELL_LIMIT", 1)
    (finding,) = words.tell(repository).findings
    assert finding == "2 times tell, tells, told or retold; at most 1. Most of them: rig/a.py (2)"
