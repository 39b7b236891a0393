"""The message of a test as the pages show it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rig.report.canvas import environment
from rig.util.text import clean

_ERROR_CLASS = re.compile(r"^(?:rig\.util\.errors\.\w+|error of the (?:bench|test)|interrupted|not measurable): ")
"""The prefix of our own errors. The page removes it, because it shows the verdict elsewhere."""
_CONSOLE_TAIL = re.compile(r"^last \d+ lines of the console.*?(?=^the whole log: |\Z)", re.M | re.S)
"""The end of the console in a message. The page removes it, because it shows the console with its own times."""
_EXCHANGE = re.compile(r"^the exchange\b.*:\n((?: {2}.*(?:\n|\Z))+)", re.M)
"""The frames in a message. A line below a frame points at a value in it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Successive lines of a message. Aligned lines must not wrap, because a line points into the line above it."""

    text: str
    aligned: bool = False


def shown_message(message: str) -> str:
    """Return the message of a test without the parts that its page shows elsewhere."""
    return _CONSOLE_TAIL.sub("", _ERROR_CLASS.sub("", clean(message).strip())).strip()


def message_parts(message: str) -> list[Part]:
    """Split a message into the lines that may wrap and the lines that must stay aligned."""
    parts: list[Part] = []
    at = 0
    for found in _EXCHANGE.finditer(message):
        parts += [Part(message[at : found.start(1)].rstrip("\n")), Part(found[1].rstrip("\n"), aligned=True)]
        at = found.end(1)
    return [*parts, Part(message[at:])] if message[at:] else parts


environment.filters["message_parts"] = message_parts
