"""Formats text, figures and durations for a reader."""

from __future__ import annotations

import math
import re

# Characters that XML 1.0 (section 2.2) does not allow, even escaped; noise on the console may contain any of them.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES = re.compile(r"\s+")
# Characters that move a terminal's cursor, break a line or change its direction: C0 and C1 controls, DEL, line and
# paragraph separators, bidirectional formatting characters (Unicode UAX 9), surrogates, the byte order mark.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff]"
)


def clean(text: str) -> str:
    """Replace every character that XML forbids by U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text)


def encodable(text: str) -> str:
    """Escape lone surrogates, which UTF-8 cannot encode, as `\\ud800`."""
    return text.encode("utf-8", "backslashreplace").decode()


def one_line(text: str) -> str:
    """Put a cleaned text on one line: white space becomes one space, control characters are escaped."""
    if text.isascii() and text.isprintable() and "  " not in text:  # true of most texts, and faster than the searches
        return text.strip()
    return visible(_SPACES.sub(" ", clean(text)).strip())


def visible(text: str) -> str:
    r"""Escape every control character of a text, such as `\x1b`: for a single line of foreign text."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub(_escape, text)


def visible_lines(text: str) -> str:
    """Escape every control character except line ends and tabs: for a text of several lines."""
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in text.split("\n"))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def number(value: float) -> str:
    """Format a number with three or four significant digits, without an exponent where possible."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value == int(value) and abs(value) < 1e7:
        return str(int(value))
    return f"{value:.4g}" if abs(value) < 1e7 else f"{value:.3e}"


def seconds(value: float) -> str:
    """Format a duration in seconds: `0 s`, `0.83 ms`, `12 ms`, `3.4 s`, `12 min 5 s`, `1 h 2 min`."""
    if value == 0:
        return "0 s"
    if not math.isfinite(value):  # the value is from a damaged record
        return f"{value} s"
    if value < 0.9995:
        return f"{value * 1000:.2g} ms" if value < 0.01 else f"{value * 1000:.0f} ms"
    if value < 120:
        return f"{value:.1f} s" if value < 100 else f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes >= 60:
        hours, minutes = divmod(round(value / 60), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def plus_minus(milliseconds: float) -> str:
    """Format the error of a measured time in ms: `± 0.087 ms`."""
    return f"± {number(float(f'{milliseconds:.2g}'))} ms"


def kilobytes(value: float) -> str:
    """Format a size in bytes, in KB of 1,024 bytes."""
    return f"{value / 1024:.1f} KB"
