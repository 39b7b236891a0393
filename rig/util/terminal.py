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

    Once its reader has gone (`| head`, a closed ssh session), it drops output without raising. Characters that its
    encoding lacks are escaped, and secrets are masked.

    Args:
        on_gone: called once, in the printing thread, when the reader has gone.
    """

    def __init__(self, on_gone: Callable[[], None] = lambda: None) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        super().__init__(highlight=False, soft_wrap=True)
        self._on_gone = on_gone

    def print(self, *objects: Any, **how: Any) -> None:
        """Print as `rich.console.Console.print`."""
        try:
            super().print(*map(_masked, objects), **how)
        except OSError:
            self.on_broken_pipe()

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
