"""Reads a crash that a device prints in several lines: our own firmware, ESP-IDF, sanitizers of the host build.

The lines of ESP-IDF are those of its Programming Guide, "Fatal Errors" and "Watchdogs".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rig.timeline.events import CrashKind, Panic

# Digits are limited: a device may print anything, and `int` raises at thousands of digits.
_HEAD = re.compile(
    r"PANIC: (?P<own>.+)"
    r"|Guru Meditation Error: (?P<guru>.+)"
    r"|\*\*\*ERROR\*\*\* (?P<stack>A stack overflow in task .{1,32} has been detected)"
    r"|(?P<abort>abort\(\) was called.*|assert failed: .*)"
    r"|(?P<brownout>Brownout detector was triggered)"
    r"|ERROR: (?P<sanitizer>\w+Sanitizer: .*)"
    r"|(?P<undefined>(?<!\S)\S+: runtime error: .*)"
)
_WATCHED = re.compile(r"task_wdt:\s+- (?P<task>.{1,32}?)(?: \(CPU (?P<core>[0-9])[^)]*\))?\s*$")
_WATCHDOG_LINES = ("task_wdt: Task watchdog got triggered", "task_wdt: Aborting")
_MOST_WATCHED = 16
_KINDS: Sequence[tuple[CrashKind, re.Pattern[str]]] = (
    ("sanitizer", re.compile(r"Sanitizer: |runtime error: ")),
    ("stack overflow", re.compile(r"stack overflow|stack canary|stack protection", re.IGNORECASE)),
    ("interrupt watchdog", re.compile(r"interrupt wdt|interrupt watchdog", re.IGNORECASE)),
    ("task watchdog", re.compile(r"task watchdog", re.IGNORECASE)),
    ("brown-out", re.compile(r"brownout", re.IGNORECASE)),
    ("assertion", re.compile(r"assert")),
    ("abort", re.compile(r"abort\(\)")),
    (
        "exception",
        re.compile(r"panic'ed|invalid memory access|bus error|illegal instruction|arithmetic error", re.IGNORECASE),
    ),
)
_TASK = re.compile(r"in task (?P<named>.{1,32}?) has been detected|watchpoint triggered \((?P<watched>[^)]{1,32})\)")
_CORE = re.compile(r"(?:core\s{1,4}|on CPU)(?P<core>[0-9])\b", re.IGNORECASE)
_CALLER = re.compile(r"at PC (?P<pc>0x[0-9a-f]{1,16})", re.IGNORECASE)

_BACKTRACE = re.compile(r"backtrace:\s*(?P<frames>.+)", re.IGNORECASE)
_FRAME = re.compile(r"\s+#[0-9]{1,9} (?P<frame>0x.+)")
_NO_FRAME = re.compile(r"\|<-(?P<why>[A-Z]+)")
_MOST_FRAMES = 64
_ELF_HASH = re.compile(r"ELF file SHA256:\s*(?P<digits>[0-9a-f]{8,64})\s*$")

_DUMP_HEAD = re.compile(r"\s*Core\s+[0-9] register dump:\s*$")
_REGISTERS = re.compile(r"(?:\s*[A-Z][A-Z0-9/]{1,9}\s*: 0x[0-9a-f]{8})+\s*$")
_REGISTER = re.compile(r"(?P<name>[A-Z][A-Z0-9/]{1,9})\s*: (?P<value>0x[0-9a-f]{8})")
_STACK_HEAD = re.compile(r"\s*Stack memory:\s*$")
_STACK = re.compile(r"(?P<base>[0-9a-f]{8}):(?P<words>(?: 0x[0-9a-f]{8}){1,16})\s*$")
_MOST_STACK_LINES = 2048
_WORD = 4

_END = re.compile(r"Rebooting\.\.\.|rst:0x[0-9a-f]+ \(")


@dataclass(slots=True)
class _Crash:
    cause: str
    task: str = ""
    core: int | None = None
    caller: str = ""
    frames: list[str] = field(default_factory=list)
    elf_sha256: str = ""
    registers: dict[str, str] = field(default_factory=dict)
    dump: list[str] = field(default_factory=list)
    stack_end: int | None = None
    """The address after the last line of the stack; None before its first line."""


class CrashReader:
    """Collects the lines of a crash. Feed it each line of the console; any text is allowed."""

    def __init__(self) -> None:
        self._crash: _Crash | None = None
        self._watched: list[tuple[str, int | None]] = []

    @property
    def pending(self) -> bool:
        """Whether a crash waits for its next lines."""
        return self._crash is not None

    def feed(self, text: str) -> Sequence[Panic]:
        """Read a line.

        Args:
            text: the line, without its end.

        Returns:
            The crash that this line completes; empty if it completes none.
        """
        crash = self._crash
        if crash is None:
            if _may_begin(text):
                self._begin(text)
            return ()
        if _END.search(text):
            return self.flush()
        _take(crash, text)
        return ()

    def flush(self) -> Sequence[Panic]:
        """Return the pending crash with the lines so far; empty if there is none."""
        crash, self._crash = self._crash, None
        if crash is None:
            return ()
        is_riscv = "MEPC" in crash.registers
        frames = crash.frames
        if not frames and crash.caller:
            frames = [crash.caller]
        elif not frames and is_riscv:
            frames = [crash.registers[name] for name in ("MEPC", "RA") if name in crash.registers]
        panic = Panic(
            cause=crash.cause,
            kind=kind_of(crash.cause),
            task=crash.task,
            core=crash.core,
            backtrace=tuple(frames),
            elf_sha256=crash.elf_sha256,
            stack_dump=tuple(crash.dump) if is_riscv and not crash.frames else (),
        )
        return (panic,)

    def _begin(self, text: str) -> None:
        if _WATCHDOG_LINES[0] in text:
            self._watched = []
        elif _WATCHDOG_LINES[1] in text:
            self._begin_watchdog()
        elif watched := _WATCHED.search(text):
            if len(self._watched) < _MOST_WATCHED:
                self._watched.append((watched["task"], int(watched["core"]) if watched["core"] else None))
        elif head := _HEAD.search(text):
            crash = self._crash = _Crash(next(value for value in head.groups() if value).strip())
            _take_details(crash, crash.cause)
            if task := _TASK.search(crash.cause):
                crash.task = task["named"] or task["watched"]

    def _begin_watchdog(self) -> None:
        # Without its line `Aborting` the watchdog only reports the tasks, and the device continues.
        watched, self._watched = self._watched, []
        names = ", ".join(task for task, _ in watched)
        crash = self._crash = _Crash(f"Task watchdog got triggered{f': {names}' if names else ''}")
        if watched:
            crash.task, crash.core = watched[0]


def kind_of(cause: str) -> CrashKind:
    """Classify a device's text for the reason of its crash; empty if it is none of the known reasons."""
    return next((kind for kind, pattern in _KINDS if pattern.search(cause)), "")


def _may_begin(text: str) -> bool:
    """Return whether a line may begin a crash: a fast check that rejects nearly all lines."""
    return (
        "PANIC: " in text
        or "Guru Meditation Error: " in text
        or "abort() was called" in text
        or "assert failed: " in text
        or "task_wdt:" in text
        or "Brownout detector" in text
        or "ERROR: " in text
        or "***ERROR*** " in text
        or ": runtime error: " in text
    )


def _take(crash: _Crash, text: str) -> None:
    """Add a line to a crash; a line of another kind is ignored."""
    if trace := _BACKTRACE.search(text):
        frames = trace["frames"]
        why = _NO_FRAME.search(frames)
        found = _NO_FRAME.sub("", frames).split()
        if why is not None:
            found.append(f"({why['why'].lower()})")
        crash.frames += found[: _MOST_FRAMES - len(crash.frames)]
    elif frame := _FRAME.match(text):
        if len(crash.frames) < _MOST_FRAMES:
            crash.frames.append(frame["frame"])
    elif digits := _ELF_HASH.search(text):
        crash.elf_sha256 = digits["digits"]
    elif _DUMP_HEAD.match(text):
        if not crash.dump:  # the second core of two is no part of this crash
            crash.dump.append(text.strip())
            _take_details(crash, text)
    elif crash.dump and _REGISTERS.match(text):
        if crash.stack_end is None:
            crash.registers |= {found["name"]: found["value"] for found in _REGISTER.finditer(text)}
            crash.dump.append(text.strip())
    elif crash.dump and _STACK_HEAD.match(text):
        crash.dump.append(text.strip())
    elif crash.dump and (line := _STACK.match(text)):
        _take_stack(crash, line)
    else:
        _take_details(crash, text)


def _take_stack(crash: _Crash, line: re.Match[str]) -> None:
    """Add a line of the stack. The lines after a lost one are worthless: their place is unknown to the decoder."""
    base = int(line["base"], 16)
    if crash.stack_end not in (None, base) or len(crash.dump) >= _MOST_STACK_LINES:
        crash.stack_end = -1
        return
    crash.stack_end = base + _WORD * line["words"].count("0x")
    crash.dump.append(line[0].strip())


def _take_details(crash: _Crash, text: str) -> None:
    if crash.core is None and (core := _CORE.search(text)):
        crash.core = int(core["core"])
    if not crash.caller and (caller := _CALLER.search(text)):
        crash.caller = caller["pc"]
