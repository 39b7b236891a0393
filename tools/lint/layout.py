"""The folders of a program, and the imports or includes between them, for the checks of their direction."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Folder:
    """A folder.

    Attributes:
        rank: 1 for the lowest layer, higher above; None: no rank.
        files: number of source files.
        lines: lines of their code.
    """

    rank: int | None
    files: int = 0
    lines: int = 0

    def add(self, lines: int) -> None:
        """Count one more file.

        Args:
            lines: the lines of its code.
        """
        self.files += 1
        self.lines += lines


@dataclass(frozen=True, slots=True)
class Inside:
    """A folder without its own rank, which counts as part of a folder around it.

    Attributes:
        owner: the ranked folder.
        reason: the reason.
        files: number of source files.
        lines: lines of their code.
    """

    owner: str
    reason: str
    files: int
    lines: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders and the imports between them.

    Attributes:
        folders: by name, from the top layer down, then folders without a rank.
        arrows: number of imports by (importing folder, imported folder), without imports inside one folder.
        backward: the arrows that do not lead to a lower layer, sorted.
        inside: the folders that count as parts of others, by name.
        arrows_inside: number of imports by (importing folder, imported folder), between folders of one owner.
    """

    folders: dict[str, Folder]
    arrows: dict[tuple[str, str], int]
    backward: list[tuple[str, str]]
    inside: dict[str, Inside] = field(default_factory=dict)
    arrows_inside: dict[tuple[str, str], int] = field(default_factory=dict)
