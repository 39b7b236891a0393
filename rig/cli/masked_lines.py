"""A printer of console lines without secrets. It waits for whole lines, because half a line can end inside a secret."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import TextIO

from rig.util.redaction import masked_text

_LONGEST_LINE = 65_536
"""The maximum length of an open line in characters. A longer line is shown before its end has arrived."""


class MaskedLines:
    """A printer of whole console lines. `show_open_line` also prints an incomplete line, such as a prompt.

    Args:
        terminal: the output.
        reveals: returns whether a whole line is shown with its secret, because it is for the person at the terminal.
    """

    def __init__(self, terminal: TextIO, reveals: Callable[[str], bool] = lambda _line: False) -> None:
        self._terminal = terminal
        self._reveals = reveals
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="backslashreplace")
        self._open = ""

    @property
    def has_open_line(self) -> bool:
        """Whether there is an incomplete line."""
        return bool(self._open)

    def write(self, data: bytes) -> None:
        """Add bytes of the console and print the lines that are now complete."""
        text = (self._open + self._decoder.decode(data)).replace("\r\n", "\n")
        lines, end, self._open = text.rpartition("\n")
        if end:
            self._print("\n".join(map(self._shown, lines.split("\n"))) + end)
        if len(self._open) > _LONGEST_LINE:
            self.show_open_line()

    def show_open_line(self) -> None:
        """Print the incomplete line. Call it when the device pauses."""
        text, self._open = self._open, ""
        self._print(masked_text(text))

    def _shown(self, line: str) -> str:
        return line if self._reveals(line) else masked_text(line)

    def _print(self, text: str) -> None:
        self._terminal.write(text)
        self._terminal.flush()
