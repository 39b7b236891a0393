"""The prose of Markdown pages, without code, tables and links, and the width of its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.lint.check import Result, numbered_lines, tracked_files

WIDEST = 120

_FENCE = re.compile(r"^\s*```")
_LINK = re.compile(r"\]\([^)]*\)|<https?://[^>]*>|https?://\S+")
_CODE = re.compile(r"`[^`]*`")


def width(root: Path) -> Result:
    """Find lines of prose above 120 columns. Targets of links do not count."""
    return Result(
        [
            f"{path.relative_to(root)}:{number}: {len(line)} columns; at most {WIDEST} outside tables and code"
            for path in tracked_files(root, "*.md")
            for number, line in prose(path)
            if len(line) > WIDEST and len(_LINK.sub("]", line)) > WIDEST
        ]
    )


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page that are neither code nor a row of a table, with their numbers."""
    fenced = False
    for number, line in numbered_lines(path):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and not line.startswith(("|", "    ")):
            yield number, line


def without_code(line: str) -> str:
    """Remove code spans and the targets of links from a line."""
    return _LINK.sub("]", _CODE.sub("``", line))
