"""The type of a check, and functions that checks share."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


class SkippedError(Exception):
    """A check cannot run on this machine. The text has the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a check.

    Attributes:
        findings: one text each, with `file:line:` at the start if known. Empty: the check passed.
        note: a line of information, also for a passed check.
    """

    findings: list[str] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A named check.

    Attributes:
        name: the statement that is true if the check passes.
        run: checks the repository with this root; raises SkippedError if it cannot run.
    """

    name: str
    run: Callable[[Path], Result]


def tracked_files(root: Path, *patterns: str) -> list[Path]:
    """List the tracked files, and new files that are not ignored.

    Args:
        root: the repository's root.
        patterns: git path patterns; none means all.

    Returns:
        Paths below `root`, sorted.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    paths = (root / name for name in sorted(set(output.split("\0"))) if name)
    return [path for path in paths if path.is_file()]


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield a text file's lines with their numbers, from 1."""
    yield from enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
