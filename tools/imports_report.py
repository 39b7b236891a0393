"""Print folders, the imports between them, and import cycles: `python -m tools.imports_report [FOLDER OF A CLONE]`."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tools.lint import circles, imports, includes
from tools.lint.layout import Layout

PACKAGES = ("rig", "fixtures")


def main(arguments: list[str]) -> int:
    """Print the report. Return 1 if an import leads up, a cycle exists or a folder has no rank; else 0."""
    root = Path(arguments[0] if arguments else ".").resolve()
    modules = list(circles.circles(circles.module_graph(root, *PACKAGES)))
    python, firmware = imports.layout(root, PACKAGES), includes.layout(root)
    print("\n".join(section("rig and fixtures", python)))
    print("\n".join(listed("circles of modules", [" → ".join(circle) for circle in modules])))
    print()
    print("\n".join(section("firmware/src", firmware)))
    return 0 if not modules and _is_sound(python) and _is_sound(firmware) else 1


def section(title: str, layout: Layout) -> Iterator[str]:
    """Yield the lines of one section of the report."""
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
    """Return the cycles of folders, each with its first folder repeated at the end.

    Args:
        arrows: number of imports by (importing folder, imported folder).
    """
    graph: dict[str, dict[str, int]] = {}
    for (folder, imported), number in arrows.items():
        graph.setdefault(folder, {})[imported] = number
    return list(circles.circles(graph))


def listed(title: str, found: Sequence[str], number: int | None = None) -> Iterator[str]:
    """Yield a title with a count, and the items below it.

    Args:
        title: of the list.
        found: the items, one text each.
        number: the count, where one item stands for several.
    """
    yield ""
    yield f"  {title}: {len(found) if number is None else number}"
    for text in found:
        yield from textwrap.wrap(text, 118, initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False)


def _by_folder(layout: Layout, arrows: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each importing folder: the folders that it imports from, with the number of imports."""
    lines: dict[str, list[str]] = {}
    for folder, imported in arrows:
        lines.setdefault(folder, []).append(f"{imported}×{layout.arrows[folder, imported]}")
    return [f"{folder} → {', '.join(imported)}" for folder, imported in lines.items()]


def _owner(layout: Layout, circle: Sequence[str]) -> str:
    """Return the ranked folder to which all folders of a cycle belong."""
    return next(layout.inside[name].owner for name in circle if name in layout.inside)


def _is_sound(layout: Layout) -> bool:
    return not (
        layout.backward
        or folder_circles(layout.arrows)
        or any(folder.rank is None for folder in layout.folders.values())
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
