"""Prints the lines of a command to a terminal or a pipe, which may go away before the command ends."""

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
    """Standard output. Once nobody reads it any more (`| head`, a closed ssh session) it is quiet, and raises nothing.

    A character that its encoding lacks is written as an escape, and secrets are masked.

    Args:
        on_gone: called once, in the thread that prints, when that is found out.
    """

    def __init__(self, on_gone: Callable[[], None] = lambda: None) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        super().__init__(highlight=False, soft_wrap=True)
        self._on_gone = on_gone

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich prints it."""
        try:
            super().print(*map(_masked, objects), **how)
        except OSError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Go quiet; rich itself would end the program here, in whichever thread this is."""
        if not self.quiet:
            self.quiet = True
            # What Python still has to flush goes nowhere instead of failing when the process ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
            self._on_gone()


def _masked(shown: Any) -> Any:
    """Mask the secrets in what is printed. A text in colours that has one loses them."""
    if isinstance(shown, Text):
        plain = masked_text(shown.plain)
        return shown if plain == shown.plain else Text(plain, style=shown.style)
    return masked_text(shown) if isinstance(shown, str) else shown
