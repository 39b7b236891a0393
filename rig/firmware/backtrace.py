"""Decode the addresses of a crash to functions and lines, with the unstripped executable of the build."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from rig.firmware.stack_unwinding import unwind
from rig.firmware.symbols import Symbols, read_symbols
from rig.util.errors import BenchError

_FRAME = re.compile(r"(?P<pc>0x[0-9a-f]{1,16})(?::0x[0-9a-f]{1,16})?", re.IGNORECASE)  # ESP-IDF: address and stack
_HASH = re.compile(r"[0-9a-f]{7,64}", re.IGNORECASE)
_REPORTER = "pb::posix::CrashReporter::"


class Backtraces:
    """Decodes backtraces of the device if the available executable is the build that crashed.

    Args:
        root: the project's folder; paths below it are shown relative to it.
    """

    def __init__(self, root: Path) -> None:
        self.executable: Path | None = None
        """The unstripped executable of the flashed firmware; None if it is not available."""
        self.unavailable = ""
        """The reason why there is no executable; empty if no firmware is known."""
        self._root = root
        self._reported: set[str] = set()

    def decode(self, frames: Sequence[str], build: str, stack_dump: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the frames with their functions and lines, or unchanged if they cannot be decoded.

        Args:
            frames: addresses from the console: `0x1a2b`, or `0x1a2b:0x3ffb` with the stack pointer.
            build: the hash that names the crashed build, or its first digits; any other text if it is unknown.
            stack_dump: registers and stack of a RISC-V chip, which are unwound if a gdb for it is installed.

        Returns:
            `0x1a2b function at file:line`, with a line for each inlined function; frames of the crash reporter are
            left out. If something was not decoded, the last line is the reason. Each reason is given once.
        """
        if not any(map(_FRAME.fullmatch, frames)):
            return tuple(frames)
        if self.executable is None:
            return self._with_reason(frames, self.unavailable and f"not decoded: {self.unavailable}")
        try:
            symbols = read_symbols(self.executable)
            if _HASH.fullmatch(build) and not symbols.is_of(build):
                name = symbols.name[: len(build)]
                return self._with_reason(
                    frames, f"not decoded: the device runs build {build}, {self.executable} is {name}"
                )
            decoded, reason = self._decoded(symbols, frames, stack_dump)
            if not reason and not _HASH.fullmatch(build):
                reason = f"not verified: the log does not name the build that crashed; this is {self.executable}"
        except BenchError as problem:
            return self._with_reason(frames, f"not decoded: {problem}")
        return self._with_reason(decoded, reason)

    def _with_reason(self, frames: Sequence[str], reason: str) -> tuple[str, ...]:
        if not reason or reason in self._reported:
            return tuple(frames)
        self._reported.add(reason)
        return (*frames, f"({reason})")

    def _decoded(self, symbols: Symbols, frames: Sequence[str], stack_dump: Sequence[str]) -> tuple[list[str], str]:
        """Return the decoded frames, and why some are missing."""
        reason = ""
        if stack_dump and symbols.machine == "EM_RISCV":
            try:
                return [self._relative(frame) for frame in unwind(symbols.path, stack_dump)], ""
            except BenchError as problem:
                reason = f"only the innermost frames: {problem}"
        decoded = self._look_up(symbols, frames)
        if not any(" at " in frame for frame in decoded):
            reason = f"not decoded: no address lies in the code of {symbols.path}"
        return decoded, reason

    def _look_up(self, symbols: Symbols, frames: Sequence[str]) -> list[str]:
        addresses = {
            frame: _call(int(found["pc"], 16), index, symbols.machine)
            for index, frame in enumerate(frames)
            if (found := _FRAME.fullmatch(frame)) is not None
        }
        known = [frame for frame, address in addresses.items() if symbols.has_code_at(address)]
        places = dict(zip(known, symbols.look_up([addresses[frame] for frame in known]), strict=False)) if known else {}
        decoded: list[str] = []
        for frame in frames:
            address = frame.partition(":")[0] if frame in addresses else frame
            decoded += [self._relative(f"{address} {place}") for place in places.get(frame, ())] or [frame]
        while len(decoded) > 1 and _REPORTER in decoded[0]:
            del decoded[0]
        return decoded

    def _relative(self, frame: str) -> str:
        return frame.replace(f"{self._root}/", "")


def _call(address: int, index: int, machine: str) -> int:
    """Return an address inside the call of a frame: a return address may belong to the next line."""
    if machine == "EM_XTENSA":
        return address  # the chip prints the address of each call
    is_exact = machine == "EM_RISCV" and index == 0
    return address if is_exact else max(address - 1, 0)
