"""Splits the bytes of a serial port into lines of text."""

from __future__ import annotations

import re

_LONGEST_LINE = 16_384
_WINDOW = 256
"""A control sequence is not cut in two if it has at most this many bytes."""
_ESC = 0x1B
_CSI = 0x9B
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\-~])")
"""A control sequence such as a colour, a control string such as a link, or an escape (ECMA-48 sections 5.3 to 5.6)."""
_C1_SEQUENCE = re.compile(rb"(?:\xc2|(?<![\x80-\xff]))\x9b[0-?]*[ -/]*[@-~]")
"""A control sequence that begins with CSI as one character. Other bytes 0x9b are parts of characters of UTF-8."""
_INCOMPLETE = re.compile(
    rb"(?:\x1b(?:[\]PX^_][^\x07\x1b\n]*\x1b?|\[[0-?]*[ -/]*|[ -/]*)|[\xc2-\xf4][\x80-\xbf]{0,2})\Z"
)
"""A control sequence or UTF-8 character that may go on."""
_NOISE = re.compile(rb"(?:[\x00-\x08\x0b-\x1f\x80-\xc1\xf5-\xff]|[\xc2-\xf4](?![\x80-\xbf])|\xef\xbb\xbf)+")
"""Bytes that no line of text begins with: control characters, bytes that are not UTF-8, byte order marks."""


class LineSplitter:
    """Splits bytes into lines.

    A line ends with LF, CR LF or CR. A line that is too long is split. Invalid UTF-8 becomes \\xNN. Colours and other
    control sequences of a terminal are removed, and noise before a line, such as the NUL of a UART after a reset, is a
    line of its own: control sequences and noise would hide a line's level and tag.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    @property
    def open_line(self) -> str:
        """The text of the incomplete line; empty if there is none."""
        return _lines(self._rest + b"\n")[-1]

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes."""
        rest = self._rest
        lines = []
        if end := data.rfind(b"\n") + 1:
            lines = _lines(rest + data[:end] if rest else data[:end])
            rest.clear()
        rest += data[end:]
        while len(rest) > _LONGEST_LINE:
            cut = _cut(rest)
            lines += _lines(rest[:cut] + b"\n")
            del rest[:cut]
        return lines

    def end(self) -> list[str]:
        """End the open line and return it; return nothing if it is empty."""
        lines = _lines(self._rest + b"\n")
        self._rest.clear()
        return lines if any(lines) else []


def _cut(line: bytes | bytearray) -> int:
    """Return where to split a line that is too long: not within a control sequence or a character."""
    found = _INCOMPLETE.search(line, _LONGEST_LINE - _WINDOW, _LONGEST_LINE)
    return found.start() if found else _LONGEST_LINE


def _lines(data: bytes | bytearray) -> list[str]:
    """Return the texts of whole lines, each with its LF."""
    if len(data) > _LONGEST_LINE + 1:
        return [text for line in data[:-1].split(b"\n") for piece in _pieces(line) for text in _lines(piece + b"\n")]
    if _ESC in data:
        data = _ESCAPE.sub(b"", data)
    if not data.isascii() and _CSI in data:
        data = _C1_SEQUENCE.sub(b"", data)
    try:
        text = data.decode().replace("\r\n", "\n")
        lines = text[:-1].split("\n")
        if "\r" not in text and min(lines) >= " " and (data.isascii() or max(lines) < "\x7f"):
            return lines  # this fast way is right for nearly all data
    except UnicodeDecodeError:
        pass
    return [text for line in data[:-1].split(b"\n") for text in _texts(line)]


def _pieces(line: bytes | bytearray) -> list[bytes | bytearray]:
    pieces = []
    while len(line) > _LONGEST_LINE:
        cut = _cut(line)
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line]


def _texts(line: bytes | bytearray) -> list[str]:
    """Return the texts of a line that may have carriage returns, such as those of a progress bar, and noise."""
    parts: list[bytes | bytearray] = []
    for part in line.split(b"\r"):
        noise = _NOISE.match(part)
        at = noise.end() if noise else 0
        parts += part[:at], part[at:]
    return [part.decode("utf-8", "backslashreplace") for part in parts if part] or [""]
