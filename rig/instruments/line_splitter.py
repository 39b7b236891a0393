"""Splits the bytes of a serial port into lines of text."""

from __future__ import annotations

import re

_LONGEST_LINE = 16_384
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[0-Z\\-~])")
"""A control sequence (ECMA-48 section 5.4), such as a colour, or an escape of two bytes."""


class LineSplitter:
    """Splits bytes into lines.

    A line ends with CR LF or LF. A line that is too long is split. Invalid UTF-8 becomes \\xNN. Colours and other
    control sequences of a terminal are removed, because they would hide a line's level and tag.
    """

    def __init__(self) -> None:
        self._rest = b""

    @property
    def open_line(self) -> str:
        """The text of the incomplete line; empty if there is none."""
        return _text(self._rest)

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes."""
        *lines, rest = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        while len(rest) > _LONGEST_LINE:
            lines.append(rest[:_LONGEST_LINE])
            rest = rest[_LONGEST_LINE:]
        self._rest = rest
        return [_text(line) for line in lines]

    def end(self) -> list[str]:
        """End the open line and return it; return nothing if it is empty."""
        text, self._rest = _text(self._rest), b""
        return [text] if text else []


def _text(line: bytes) -> str:
    if b"\x1b" in line:
        line = _ESCAPE.sub(b"", line)
    return line.rstrip(b"\r").decode("utf-8", "backslashreplace")
