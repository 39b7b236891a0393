"""Commands of `rig` from a second terminal, and programs on a terminal of their own."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
RIG = Path(sys.executable).parent / "rig"
LONGEST_S = 120
"""The limit of a wait in real seconds."""


def run_rig(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `rig` in the project's folder."""
    command = [str(RIG), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)


class Terminal:
    """A process on a terminal of its own."""

    def __init__(self, *command: str) -> None:
        self._near, far = pty.openpty()
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=far, stdout=far, stderr=far)
        os.close(far)
        self.said = ""

    def until(self, pattern: str) -> str:
        """Read until the pattern appears."""
        while not re.search(pattern, self.said):
            assert select.select([self._near], [], [], LONGEST_S)[0], f"no {pattern!r} in:\n{self.said}"
            self.said += os.read(self._near, 4096).decode(errors="replace")
        return self.said

    def end(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        os.close(self._near)
