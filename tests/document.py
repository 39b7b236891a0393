"""Examples of a document as tests: its Python blocks, in order, as one module."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.util.errors import ExpectationError

ROOT = Path(__file__).parents[1]

_BLOCK = re.compile(r"^```(?P<kind>\S[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
# The figures that differ between runs: ids of calls, dates, times, ports.
_FIGURE = re.compile(r"\b[0-9a-f]{8}-\d+\b|\d[\d.:TZ-]*")


def blocks(path: Path) -> Iterator[tuple[str, str, int]]:
    """Yield for each fenced block of a Markdown file the words after its fence, its text, and its first line number."""
    document = path.read_text(encoding="utf-8")
    for block in _BLOCK.finditer(document):
        yield block["kind"], block["text"], document.count("\n", 0, block.start("text")) + 1


def run_examples(path: Path, namespace: dict[str, Any], *, real_time: bool = False) -> None:
    """Execute the Python blocks of a Markdown file, and add their tests to the namespace of a test module.

    The tests of a block marked `python fails` must fail, with the message that the next block marked `text` shows.

    Args:
        path: the file.
        namespace: `globals()` of the test module.
        real_time: True adds only the tests of the blocks marked `python real_time`, False those of all other blocks.

    Raises:
        ValueError: two examples have the same name, or a failing one has no message.
    """
    failing: list[str] = []
    for kind, text, line in blocks(path):
        if kind == "text" and failing:
            for name in failing:
                namespace[name] = _fails_with(namespace[name], text, f"{path.name}:{line}")
            failing = []
        if not kind.startswith("python"):
            continue
        found: dict[str, Any] = {}
        exec(compile("\n" * (line - 1) + text, str(path), "exec", dont_inherit=True), namespace, found)
        tests = [name for name in found if name.startswith("test_")]
        if ("real_time" in kind.split()) != real_time:
            for name in tests:
                del found[name]
            tests = []
        if twice := [name for name in tests if name in namespace]:
            raise ValueError(f"{path.name}:{line}: there are two examples {', '.join(twice)}")
        namespace.update(found)
        if kind == "python fails":
            failing += tests
    if failing:
        raise ValueError(f"{path.name}: no text block shows how {', '.join(failing)} fails")


def assert_shows(message: str, shown: str, place: str) -> None:
    """Check that a message has all lines that a document shows, in this order; its figures may differ, and it may have
    more lines.
    """
    rest = iter(_comparable(message))
    for line in _comparable(shown):
        assert line in rest, f"{place} shows a line that is not in the message: {line}\nthe message:\n{message}"


def _comparable(text: str) -> list[str]:
    return [" ".join(_FIGURE.sub("#", line).split()) for line in text.strip().splitlines()]


def _fails_with(test: Callable[..., None], shown: str, place: str) -> Callable[..., None]:
    @functools.wraps(test)
    def must_fail(*args: Any, **kwargs: Any) -> None:
        with pytest.raises(ExpectationError) as caught:
            test(*args, **kwargs)
        assert_shows(str(caught.value), shown, place)

    return must_fail
