"""Prints the lines of a command to a terminal or a pipe, which may close before the command ends."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.text import Text

from rig.util.redaction import masked_text


class Terminal(Console):
    """Standard output.

    After its reader has ended (`| head`, a closed ssh session), it drops output without raising. Characters that its
    encoding lacks are escaped, and secrets are masked.

    Args:
        on_gone: called once, in the printing thread, when the reader has ended.
    """

    def __init__(self, on_gone: Callable[[], None] = lambda: None) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        super().__init__(highlight=False, soft_wrap=True)
        self._on_gone = on_gone
        self._codes: dict[str, tuple[str, str]] = {}

    def print(self, *objects: Any, **how: Any) -> None:
        """Print as `rich.console.Console.print`."""
        try:
            super().print(*map(_masked, objects), **how)
        except OSError:
            self.on_broken_pipe()

    def print_line(self, *parts: tuple[str, str], are_masked: bool = False) -> None:
        """Print one line at a tenth of the cost of `print`, for output of thousands of lines each second.

        Args:
            parts: the texts of the line without line ends, each with its style; empty: none.
            are_masked: whether the texts have no secrets any more.
        """
        if self.quiet:
            return
        if not are_masked:
            plain = "".join(text for text, _ in parts)
            shown = masked_text(plain)
            if shown != plain:
                parts = ((shown, parts[-1][1]),)
        try:
            file = self.file
            file.write("".join(map(self._styled, parts)) + "\n")
            file.flush()
        except OSError:
            self.on_broken_pipe()

    def _styled(self, part: tuple[str, str]) -> str:
        """Return a text with the codes of its style for this terminal."""
        text, style = part
        if not style:
            return text
        codes = self._codes.get(style)
        if codes is None:
            with self.capture() as captured:
                super().print(Text("|", style=style), end="")
            before, _, after = captured.get().partition("|")
            codes = self._codes[style] = before, after
        return f"{codes[0]}{text}{codes[1]}"

    def on_broken_pipe(self) -> None:
        """Drop all further output. The implementation in rich would end the program here."""
        if not self.quiet:
            self.quiet = True
            # Otherwise Python's flush of standard output would fail when the process ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
            self._on_gone()


def _masked(shown: Any) -> Any:
    """Mask the secrets in a printed object. A coloured text with a secret loses its colours."""
    if isinstance(shown, Text):
        plain = masked_text(shown.plain)
        return shown if plain == shown.plain else Text(plain, style=shown.style)
    return masked_text(shown) if isinstance(shown, str) else shown
