"""Wrap the prose of Markdown pages at 120 columns: `python -m tools.reflow`, or `make format`.

Code, tables, headings and pictures stay as they are, and so do the pages that `make docs` writes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tools.docs import GENERATED
from tools.lint.check import Result, tracked_files

ROOT = Path(__file__).resolve().parents[1]
WIDEST = 120

_FENCE = re.compile(r"\s*```")
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.)\s+")
_AS_IT_IS = re.compile(r"[|#!<]")
_STARTS_A_BLOCK = re.compile(r"\s*(?:[-+*]|\d+[.)]|#+|\||>)(?:\s|$)")


def reflow(text: str) -> str:
    """Return a page with each paragraph and list item wrapped anew."""
    lines: list[str] = []
    paragraph: list[str] = []
    indent = ""  # of the paragraph's first line, with the sign of a list item
    fenced = False

    def end_paragraph() -> None:
        if paragraph:
            lines.extend(_wrapped(" ".join(paragraph), indent))
            paragraph.clear()

    for line in text.split("\n"):
        if _FENCE.match(line):
            end_paragraph()
            fenced = not fenced
            lines.append(line)
        elif fenced or not line.strip() or _AS_IT_IS.match(line) or (line.startswith("    ") and not paragraph):
            end_paragraph()
            lines.append(line)
        elif item := _ITEM.match(line):
            end_paragraph()
            indent = item[0]
            paragraph.append(line[item.end() :].strip())
        else:
            if not paragraph:
                indent = line[: len(line) - len(line.lstrip())]
            paragraph.append(line.strip())
    end_paragraph()
    return "\n".join(lines)


def _wrapped(text: str, indent: str) -> list[str]:
    """Wrap a paragraph. No line but the first may begin like a list item or a heading."""
    further = " " * len(indent)
    lines = textwrap.wrap(
        text,
        WIDEST,
        initial_indent=indent,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for number in range(1, len(lines)):
        if _STARTS_A_BLOCK.match(lines[number]):
            kept, _, moved = lines[number - 1].rpartition(" ")
            lines[number - 1], lines[number] = kept, f"{further}{moved} {lines[number].strip()}"
    return lines


def run(root: Path) -> Result:
    """Find pages that `make format` would wrap differently."""
    return Result([f"{path.relative_to(root)}: not wrapped; run `make format`" for path, _ in _rewrapped(root)])


def main() -> None:
    """Wrap every page that needs it."""
    for path, wrapped in _rewrapped(ROOT):
        path.write_text(wrapped, encoding="utf-8")
        print(path.relative_to(ROOT))


def _rewrapped(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page that has to be wrapped, with its new text."""
    for path in tracked_files(root, "*.md"):
        text = path.read_text(encoding="utf-8")
        if path.relative_to(root) not in GENERATED and (wrapped := reflow(text)) != text:
            yield path, wrapped


if __name__ == "__main__":
    main()
