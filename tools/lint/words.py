"""Words that the style page replaces."""

from __future__ import annotations

import re
from pathlib import Path

from tools.docs import GENERATED
from tools.lint.check import Result, numbered_lines, tracked_files

TELL_LIMIT = 3
"""The maximum number of uses of `tell` in rig and firmware/src. It may only be lowered."""

AVOIDED = {
    re.compile(r"\b(?:re)?(?:tell|tells|told)\b", re.I): "send, report, notify or announce",
    re.compile(r"\b(?:who|what|which)ever\b", re.I): "name the person or the thing",
    re.compile(r"\b(?:hear|hears|heard) (?:of|that|it|from)\b", re.I): "receive, read or learn",
    re.compile(r"\bmisanswers?\b", re.I): "malform",
}
"""Words that pages avoid, with replacements. Code spans are ignored."""

_TELL = re.compile(r"\b(?:tell|tells|told|retold)\b", re.I)
_CODE_BLOCK = re.compile(r"^\s*```")
_CODE = re.compile(r"`[^`]*`")
_LINK = re.compile(r"\]\([^)]*\)|<https?://[^>]*>|https?://\S+")


def pages(root: Path) -> Result:
    """Find avoided words in every page, tables included. Generated pages have the words of their sources."""
    findings = []
    for path in tracked_files(root, "*.md"):
        if path.relative_to(root) in GENERATED:
            continue
        fenced = False
        for number, line in numbered_lines(path):
            if _CODE_BLOCK.match(line):
                fenced = not fenced
            if fenced or line.startswith("    "):
                continue
            for pattern, instead in AVOIDED.items():
                if match := pattern.search(_without_code(line)):
                    findings.append(f"{path.relative_to(root)}:{number}: {match[0]!r}: {instead}")
    return Result(findings)


def tell(root: Path) -> Result:
    """Count `tell` in the sources of rig and firmware. The count may only fall."""
    counts = {
        path: len(_TELL.findall(path.read_text(encoding="utf-8", errors="replace")))
        for path in tracked_files(root, "rig", "firmware/src")
    }
    total = sum(counts.values())
    if total <= TELL_LIMIT:
        return Result(note=f"{total} of {TELL_LIMIT}")
    worst = sorted(counts, key=lambda path: -counts[path])[:3]
    named = ", ".join(f"{path.relative_to(root)} ({counts[path]})" for path in worst)
    return Result([f"{total} times tell, tells, told or retold; at most {TELL_LIMIT}. Most of them: {named}"])


def _without_code(line: str) -> str:
    """Remove code spans and the targets of links from a line."""
    return _LINK.sub("]", _CODE.sub("``", line))
