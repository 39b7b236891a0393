"""The folders of a program and the imports or includes between them, as a check of their order sees them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Folder:
    """A folder.

    Attributes:
        rank: 1 for the lowest layer, more for those above; None: it has none.
        files: number of source files.
        lines: lines of their code.
    """

    rank: int | None
    files: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders and the arrows between them.

    Attributes:
        folders: by name, from the top layer down; folders without a rank are last.
        arrows: number of imports by (importing folder, imported folder), without those inside one folder.
        backward: the arrows that do not run down, sorted.
    """

    folders: dict[str, Folder]
    arrows: dict[tuple[str, str], int]
    backward: list[tuple[str, str]]
