"""What a check is, and what checks share."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


class SkippedError(Exception):
    """A check cannot run on this machine; the text says why, and what would change that."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found.

    Attributes:
        findings: one text each, starting with `file:line:` where there is one. None: the check passed.
        note: a line for people, also when it passed.
    """

    findings: list[str] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A named check.

    Attributes:
        name: what is true when it passes.
        run: takes the repository's root; raises SkippedError where it cannot run.
    """

    name: str
    run: Callable[[Path], Result]


def tracked_files(root: Path, *patterns: str) -> list[Path]:
    """List the files that git has or would take (new ones that are not ignored count).

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
    """Give a text file's lines with their numbers, from 1."""
    yield from enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
