"""Every tag of the firmware's log may have a level of its own."""

from __future__ import annotations

import re
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "firmware" / "src"
LEVELS = SOURCES / "features" / "logging" / "log_levels.cpp"

_TAG = re.compile(r'Text kTag = "(\w+)"|\blog_?\.(?:error|warning|info|debug)\("(\w+)"')


def test_every_tag_has_a_level() -> None:
    """LogLevels rejects unknown tags, so `kTags` lists those of all lines: add the tag of a new feature there."""
    table = re.search(r"kTags\[\] = \{(.*?)\}", LEVELS.read_text(encoding="utf-8"), re.DOTALL)
    assert table is not None
    listed = re.findall(r'"(\w+)"', table[1])
    used = {
        first or second
        for path in sorted(SOURCES.rglob("*.cpp"))
        for first, second in _TAG.findall(path.read_text(encoding="utf-8"))
    }
    assert used - set(listed) == set()
    assert listed == sorted(listed)
