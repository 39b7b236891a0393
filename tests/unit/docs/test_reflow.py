"""Pages are wrapped without a change of their meaning."""

from __future__ import annotations

import pytest

from tools.reflow import reflow

WORDS = "word " * 30


def test_a_paragraph_and_an_item_are_wrapped_with_their_indents() -> None:
    lines = reflow(f"{WORDS}\n\n- {WORDS}\n  more\n").split("\n")
    assert [len(line) <= 120 for line in lines] == [True] * len(lines)
    assert lines[3].startswith("- word")
    assert lines[4].startswith("  word")
    assert lines[4].endswith("more")


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{WORDS}\n```",
        f"    {WORDS}",
        f"| {WORDS} |",
        f"# {WORDS}",
        f"1. a step\n\n       {WORDS}",
        "short\n\n- a\n- b",
    ],
)
def test_code_tables_headings_and_short_text_stay(text: str) -> None:
    assert reflow(text) == text


def test_no_line_begins_like_a_list_item() -> None:
    assert reflow("word " * 23 + "last - end") == "word " * 22 + "word\nlast - end"
