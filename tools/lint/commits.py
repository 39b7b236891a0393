"""Subjects of commits name an area and fit into 72 characters."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tools.lint.check import Result, SkippedError

NEWEST = 20
"""How many commits are checked. Older ones cannot be changed any more, and were written under other rules."""
LONGEST = 72

_SUBJECT = re.compile(r"[a-z0-9][\w./, -]*: \S.*")


def run(root: Path) -> Result:
    """Check the newest commits that are no merges.

    Raises:
        SkippedError: there is no history, as in an unpacked archive.
    """
    command = ["git", "log", "--no-merges", f"--max-count={NEWEST}", "--format=%h %s"]
    # The history of a repository around the folder is not the project's.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.resolve().parent)}
    log = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if log.returncode != 0:
        raise SkippedError("no commits to look at: run it in a clone")
    findings = []
    for line in log.stdout.splitlines():
        commit, _, subject = line.partition(" ")
        if problem := problem_of(subject):
            findings.append(f"commit {commit}: {subject!r}: {problem}")
    return Result(findings)


def problem_of(subject: str) -> str:
    """Say what is wrong with a subject; empty where nothing is."""
    if len(subject) > LONGEST:
        return f"{len(subject)} characters; at most {LONGEST}"
    if not _SUBJECT.fullmatch(subject):
        return "no area; write `area: imperative subject`"
    if subject.endswith("."):
        return "ends with a full stop; leave it out"
    return ""
