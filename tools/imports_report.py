"""Print folders, the imports between them, and circles: `python -m tools.imports_report [FOLDER OF A CLONE]`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tools.lint import circles, imports, includes
from tools.lint.layout import Layout

HOUSES = ("rig", "fixtures")


def main(arguments: list[str]) -> int:
    """Print the report. The exit code is 1 when an arrow runs back, something is in a circle, or has no rank."""
    root = Path(arguments[0] if arguments else ".").resolve()
    modules = list(circles.circles(circles.module_graph(root, *HOUSES)))
    python, firmware = imports.layout(root, HOUSES), includes.layout(root)
    print("\n".join(section("rig and fixtures", python)))
    print("\n".join(listed("circles of modules", [" → ".join(circle) for circle in modules])))
    print()
    print("\n".join(section("firmware/src", firmware)))
    return 0 if not modules and _is_sound(python) and _is_sound(firmware) else 1


def section(title: str, layout: Layout) -> Iterator[str]:
    """Give the lines about one program."""
    files, lines = (sum(getattr(folder, name) for folder in layout.folders.values()) for name in ("files", "lines"))
    yield f"{title}: {len(layout.folders)} folders, {files} files, {lines:,} lines"
    yield ""
    width = max((len(name) for name in layout.folders), default=0)
    yield f"  rank  {'folder':{width}}  files   lines"
    for name, folder in layout.folders.items():
        rank = "none" if folder.rank is None else folder.rank
        yield f"  {rank:>4}  {name:{width}}  {folder.files:5}  {folder.lines:6,}"
    yield from listed("arrows", _by_folder(layout, layout.arrows), len(layout.arrows))
    yield from listed("arrows that run back", _by_folder(layout, layout.backward), len(layout.backward))
    yield from listed("circles of folders", [" → ".join(circle) for circle in folder_circles(layout.arrows)])
    if layout.inside:
        yield from listed(
            "folders inside others, counted there",
            [
                f"{name}, inside {inside.owner}: {inside.files} files, {inside.lines:,} lines: {inside.reason}"
                for name, inside in layout.inside.items()
            ],
        )
        yield from listed(
            "circles inside a folder, which are allowed",
            [
                f"inside {_owner(layout, circle)}: {' → '.join(circle)}"
                for circle in folder_circles(layout.arrows_inside)
            ],
        )


def folder_circles(arrows: Mapping[tuple[str, str], int]) -> list[list[str]]:
    """Give the circles of folders, each with the first at the end again.

    Args:
        arrows: number of imports by (importing folder, imported folder).
    """
    graph: dict[str, dict[str, int]] = {}
    for (folder, imported), number in arrows.items():
        graph.setdefault(folder, {})[imported] = number
    return list(circles.circles(graph))


def listed(title: str, found: Sequence[str], number: int | None = None) -> Iterator[str]:
    """Give a title with the number of what was found, and the findings below it.

    Args:
        title: names what was looked for.
        found: one text each.
        number: how many there are, where a text stands for several.
    """
    yield ""
    yield f"  {title}: {len(found) if number is None else number}"
    for text in found:
        yield from textwrap.wrap(text, 118, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


def _by_folder(layout: Layout, arrows: Iterable[tuple[str, str]]) -> list[str]:
    """Give a line for each importing folder: the folders that it imports from, with the number of imports."""
    lines: dict[str, list[str]] = {}
    for folder, imported in arrows:
        lines.setdefault(folder, []).append(f"{imported}×{layout.arrows[folder, imported]}")
    return [f"{folder} → {', '.join(imported)}" for folder, imported in lines.items()]


def _owner(layout: Layout, circle: Sequence[str]) -> str:
    """The ranked folder that all folders of a circle belong to."""
    return next(layout.inside[name].owner for name in circle if name in layout.inside)


def _is_sound(layout: Layout) -> bool:
    return not (
        layout.backward
        or folder_circles(layout.arrows)
        or any(folder.rank is None for folder in layout.folders.values())
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
