"""Generated pages that match their sources, and links to existing files and headings."""

from __future__ import annotations

import re
from pathlib import Path

from tools.docs import GENERATED
from tools.lint.check import Result, numbered_lines, tracked_files

# Pictures are not checked: some need a browser to be made, and a missing one is obvious to a reader.
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!\w+:)(?P<file>[^)#\s]*)(?:#(?P<heading>[^)\s]+))?\)")
_NAMED = re.compile(r"\bdocs/(?P<page>[\w-]+\.md)(?:#(?P<heading>[\w-]+))?")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def generated(root: Path) -> Result:
    """Compare the pages that `make docs` writes with the sources."""
    return Result(
        [
            f"{page}: does not match the sources; run `make docs` and commit it"
            for page, text in GENERATED.items()
            if not (root / page).exists() or (root / page).read_text(encoding="utf-8") != text(root)
        ]
    )


def links(root: Path) -> Result:
    """Find links of Markdown files to missing files and headings."""
    findings = []
    for path in tracked_files(root, "*.md"):
        text = path.read_text(encoding="utf-8")
        for link in _LINK.finditer(text):
            place = f"{path.relative_to(root)}:{text.count(chr(10), 0, link.start()) + 1}"
            target = path.parent / link["file"] if link["file"] else path
            if not target.exists():
                findings.append(f"{place}: a link to {link['file']}, which does not exist")
            elif link["heading"] and target.suffix == ".md" and link["heading"] not in _anchors(target):
                findings.append(f"{place}: a link to {link['file']}#{link['heading']}: no such heading")
    return Result(findings)


def mentions(root: Path) -> Result:
    """Find missing pages of docs and missing headings that a source file names."""
    findings = []
    for path in tracked_files(
        root, "rig", "fixtures", "firmware", "tools", "examples", "benches", "tests/hil", "*.toml"
    ):
        if path.suffix == ".md" or not _is_text(path):
            continue
        for number, line in numbered_lines(path):
            for named in _NAMED.finditer(line):
                page = root / "docs" / named["page"]
                if not page.exists() or (named["heading"] and named["heading"] not in _anchors(page)):
                    findings.append(f"{path.relative_to(root)}:{number}: names {named[0]}, which does not exist")
    return Result(findings)


def _is_text(path: Path) -> bool:
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def _anchors(path: Path) -> set[str]:
    """Return the anchors of the headings: lower case, blanks as dashes, without other signs."""
    headings = _HEADING.findall(path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
