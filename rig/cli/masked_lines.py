"""Prints what a device says line by line, without secrets: half a line may end in the middle of one."""

from __future__ import annotations

import codecs
from typing import TextIO

from rig.util.redaction import masked_text

_LONGEST_LINE = 65_536
"""In characters. A device that never ends its line is shown all the same."""


class MaskedLines:
    """Prints whole lines of a console, and an open one, such as a prompt, when `show_open_line` is called.

    Args:
        terminal: where they are printed.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="backslashreplace")
        self._open = ""

    @property
    def has_open_line(self) -> bool:
        """Whether characters wait for their line's end."""
        return bool(self._open)

    def write(self, data: bytes) -> None:
        """Print the lines that these bytes of the console end."""
        text = (self._open + self._decoder.decode(data)).replace("\r\n", "\n")
        lines, end, self._open = text.rpartition("\n")
        if end:
            self._print("\n".join(map(masked_text, lines.split("\n"))) + end)
        if len(self._open) > _LONGEST_LINE:
            self.show_open_line()

    def show_open_line(self) -> None:
        """Print the characters that have no line's end yet; for when the device pauses."""
        text, self._open = self._open, ""
        self._print(masked_text(text))

    def _print(self, text: str) -> None:
        self._terminal.write(text)
        self._terminal.flush()
