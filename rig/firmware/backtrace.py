"""Decode the addresses of a crash to functions and lines, with the unstripped executable of the host build."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_ADDRESS = re.compile(r"0x[0-9a-f]+", re.IGNORECASE)
_BUILD_ID_NOTE = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0"  # length of name, length of content, NT_GNU_BUILD_ID, name
_BANNER_DIGITS = 8
_REPORTER = "pb::posix::CrashReporter::"
_TIMEOUT_S = 5.0


class Backtraces:
    """Decodes backtraces of the device if the available executable has the build id of the crashed one.

    Args:
        root: the project's folder; paths below it are shown relative to it.
    """

    def __init__(self, root: Path) -> None:
        self.executable: Path | None = None
        """The unstripped executable of the flashed firmware; None if it is not available."""
        self._root = root
        self._reported: set[str] = set()

    def decode(self, frames: Sequence[str], build: str) -> tuple[str, ...]:
        """Return the frames with their functions and lines, or unchanged if they cannot be decoded.

        Args:
            frames: addresses from the console like `0x1a2b` (offsets into the executable).
            build: the build id of the boot banner, its first 8 digits.

        Returns:
            `0x1a2b function at file:line`, with a line for each inlined function; frames of the crash reporter are
            left out. If nothing was decoded, the last line is the reason. Each reason is given once.
        """
        if self.executable is None or not frames or not all(_ADDRESS.fullmatch(frame) for frame in frames):
            return tuple(frames)
        tool = shutil.which("addr2line")
        if tool is None:
            return self._undecoded(frames, "addr2line is not installed: Debian's package binutils has it")
        try:
            own = build_id(self.executable)
            if own != build:
                return self._undecoded(frames, f"the device runs build {build}, {self.executable} is {own}")
            return self._look_up(tool, frames)
        except (OSError, subprocess.SubprocessError) as problem:
            return self._undecoded(frames, str(problem))

    def _undecoded(self, frames: Sequence[str], why: str) -> tuple[str, ...]:
        if why in self._reported:
            return tuple(frames)
        self._reported.add(why)
        return (*frames, f"(not decoded: {why})")

    def _look_up(self, tool: str, frames: Sequence[str]) -> tuple[str, ...]:
        # The stack has return addresses. Each call is just before a return address.
        calls = [hex(max(int(frame, 16) - 1, 0)) for frame in frames]
        done = subprocess.run(
            [tool, "-e", str(self.executable), "-a", "-f", "-C", "-i", *calls],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=True,
        )
        decoded: list[str] = []
        count = -1
        lines = iter(done.stdout.splitlines())
        for line in lines:
            if _ADDRESS.fullmatch(line):
                count += 1
                continue
            place = next(lines, "??:0").replace(f"{self._root}/", "")
            decoded.append(frames[count] if line == "??" else f"{frames[count]} {line} at {place}")
        while len(decoded) > 1 and _REPORTER in decoded[0]:
            del decoded[0]
        return tuple(decoded)


def build_id(executable: Path) -> str:
    """Return the first 8 digits of an executable's GNU build id, as in the boot banner; empty if it has none.

    Raises:
        OSError: the file cannot be read.
    """
    content = executable.read_bytes()
    at = content.find(_BUILD_ID_NOTE)
    return content[at + len(_BUILD_ID_NOTE) :][: _BANNER_DIGITS // 2].hex() if at >= 0 else ""
