"""The folders of a program and the imports or includes between them, as a check of their order sees them."""

from __future__ import annotations

from dataclasses import dataclass, field


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

    def add(self, lines: int) -> None:
        """Count one more file.

        Args:
            lines: of its code.
        """
        self.files += 1
        self.lines += lines


@dataclass(frozen=True, slots=True)
class Inside:
    """A folder without a rank of its own, which belongs to a folder around it and is counted there.

    Attributes:
        owner: the ranked folder.
        reason: why it belongs there.
        files: number of source files.
        lines: lines of their code.
    """

    owner: str
    reason: str
    files: int
    lines: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders and the arrows between them.

    Attributes:
        folders: by name, from the top layer down; folders without a rank are last.
        arrows: number of imports by (importing folder, imported folder), without those inside one folder.
        backward: the arrows that do not run down, sorted.
        inside: the folders that belong to others, by name.
        arrows_inside: number of imports by (importing folder, imported folder), between folders of one owner.
    """

    folders: dict[str, Folder]
    arrows: dict[tuple[str, str], int]
    backward: list[tuple[str, str]]
    inside: dict[str, Inside] = field(default_factory=dict)
    arrows_inside: dict[tuple[str, str], int] = field(default_factory=dict)
