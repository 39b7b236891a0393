"""Subjects of commits: an area, and at most 72 characters."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tools.lint.check import Result, SkippedError

NEWEST = 20
"""The number of newest commits to check. Older ones followed other rules and cannot be changed."""
LONGEST = 72

_SUBJECT = re.compile(r"[a-z0-9][\w./, -]*: \S.*")


def run(root: Path) -> Result:
    """Check the newest commits, without merges.

    Raises:
        SkippedError: there is no history, for example in an unpacked archive.
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
    """Return the problem of a subject; empty if it is valid."""
    if len(subject) > LONGEST:
        return f"{len(subject)} characters; at most {LONGEST}"
    if not _SUBJECT.fullmatch(subject):
        return "no area; write `area: imperative subject`"
    if subject.endswith("."):
        return "ends with a full stop; leave it out"
    return ""
