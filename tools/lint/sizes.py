"""The sizes of the firmware on a 32-bit chip, by folder, compared with firmware/sizes.json.

Flash and stack come from the objects of a freestanding build, RAM from the members of `App`, because the firmware has
no globals and no heap of its own. The worst stack of a folder is the deepest path of direct calls that begins in it. A
call through a pointer or a vtable ends a path, because its target is unknown. The target is Cortex-M3, whose sizes
change like those of an ESP32.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = Path("firmware/sizes.json")
MOST_GROWTH = 0.03
"""The relative growth of a size that is accepted without a new figure in the file."""
LEAST_GROWTH = 64
"""The growth in bytes that is always allowed, for small sizes."""
LARGEST_FRAME = 1024
"""The maximum stack of a function in bytes, except for functions that the file lists. Their stacks may only shrink."""

_APP = Path("firmware/src/app/app.h")
_MEMBER = re.compile(r"^  [A-Z]\w+ (\w+_);")
_NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"\\]*)\\n[^"]*?(?:\\n(\d+) bytes \([^"]*\))?"', re.MULTILINE)
_EDGE = re.compile(r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of the firmware's parts.

    Attributes:
        flash: code and constants by folder of firmware/src, unlinked.
        ram: by member of `App`; `app` is the total.
        stack: the worst stack by folder.
        frames: by function, for functions with more than `LARGEST_FRAME` bytes of stack.
    """

    flash: dict[str, int] = field(default_factory=dict)
    ram: dict[str, int] = field(default_factory=dict)
    stack: dict[str, int] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)


def read(root: Path) -> Sizes | None:
    """Read the accepted sizes; None if there is no file."""
    path = root / FILE
    return Sizes(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def write(root: Path, sizes: Sizes) -> None:
    """Write sizes as the accepted ones."""
    text = json.dumps(asdict(sizes), indent=2, sort_keys=True)
    (root / FILE).write_text(f"{text}\n", encoding="utf-8")


def note(sizes: Sizes) -> str:
    """Summarize sizes in one line."""
    flash, deepest = sum(sizes.flash.values()), max(sizes.stack, key=lambda folder: sizes.stack[folder], default="")
    return (
        f"{flash} bytes of code and constants, App {sizes.ram.get('app', 0)} bytes, "
        f"deepest stack {sizes.stack.get(deepest, 0)} bytes in {deepest} (-Os for Cortex-M3, unlinked)"
    )


def compare(measured: Sizes, agreed: Sizes | None) -> list[str]:
    """Return a finding for each size that has grown too much, and for each large frame that is new or has grown."""
    if agreed is None:
        return [f"{FILE}: missing: it holds the accepted sizes; make sizes WRITE=1"]
    findings = []
    for kind in ("flash", "ram", "stack"):
        before: Mapping[str, int] = getattr(agreed, kind)
        for folder, now in sorted(getattr(measured, kind).items()):
            then = before.get(folder, 0)
            if now > then + max(then * MOST_GROWTH, LEAST_GROWTH):
                findings.append(
                    f"{FILE}: {kind} of {folder} has grown from {then} to {now} bytes. Make it smaller, or accept "
                    "the new size in the same commit: make sizes WRITE=1"
                )
    for function, now in sorted(measured.frames.items()):
        then = agreed.frames.get(function, LARGEST_FRAME)
        if now > then:
            findings.append(f"{function} takes {now} bytes of stack, and {then} are allowed. Move its buffer elsewhere")
    return findings


def probe_of(root: Path) -> str:
    """Return a source whose objects have the sizes and names of the members of `App`; empty without `App`."""
    if not (root / _APP).exists():
        return ""
    lines = [
        # Access to private members, only for their sizes.
        "#define private public",
        '#include "app/app.h"',
        "namespace pb {",
        "char probe_app[sizeof(App)];",
        *(f"char probe_{name}[sizeof(App::{name})];" for name in _members(root)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def of_objects(objects: Mapping[Path, Path], probe: Path) -> Sizes:
    """Measure compiled objects.

    Args:
        objects: each object with its source, relative to the repository's root. The call graph is beside the object.
        probe: the object of `probe_of`.
    """
    flash: dict[str, int] = defaultdict(int)
    graph = _Graph()
    for target, source in objects.items():
        folder = _folder(source)
        flash[folder] += _flash_of(target)
        graph.add(target.with_suffix(".ci").read_text(encoding="utf-8"), folder)
    return Sizes(dict(flash), _ram_of(probe), graph.worst(), graph.large_frames())


def _folder(source: Path) -> str:
    return "/".join(source.parent.parts[2:])


def _members(root: Path) -> list[str]:
    """Return the members of `App` that are objects of a class."""
    lines = (root / _APP).read_text(encoding="utf-8").splitlines()
    return [match[1] for line in lines if (match := _MEMBER.match(line))]


def _flash_of(target: Path) -> int:
    output = subprocess.run(["arm-none-eabi-size", target], capture_output=True, text=True, check=True).stdout
    text, data = output.splitlines()[-1].split()[:2]
    return int(text) + int(data)


def _ram_of(probe: Path) -> dict[str, int]:
    output = subprocess.run(
        ["arm-none-eabi-nm", "-S", "-t", "d", probe], capture_output=True, text=True, check=True
    ).stdout
    sizes = {}
    for line in output.splitlines():
        if match := re.fullmatch(r"\d+ (\d+) \w _ZN2pb\d+probe_(\w+?)_?E", line):
            sizes[match[2]] = int(match[1])
    return sizes


class _Graph:
    """The call graph, with the stack of each function."""

    def __init__(self) -> None:
        self._stack: dict[str, int] = {}
        self._label: dict[str, str] = {}
        self._folder: dict[str, str] = {}
        self._calls: dict[str, set[str]] = defaultdict(set)
        self._depth: dict[str, int] = {}

    def add(self, text: str, folder: str) -> None:
        """Add the call graph of one object, in the format of GCC (-fcallgraph-info=su)."""
        for title, label, stack in _NODE.findall(text):
            if not stack:
                continue
            self._stack[title] = int(stack)
            self._label[title] = label
            self._folder[title] = folder
        for caller, callee in _EDGE.findall(text):
            self._calls[caller].add(callee)

    def worst(self) -> dict[str, int]:
        """Return the stack of the deepest path that begins in each folder."""
        worst: dict[str, int] = defaultdict(int)
        for function, folder in self._folder.items():
            worst[folder] = max(worst[folder], self._depth_of(function, ()))
        return dict(worst)

    def large_frames(self) -> dict[str, int]:
        """Return the functions with a large frame, by readable name."""
        return {
            f"{self._folder[title]}: {self._label[title]}": stack
            for title, stack in self._stack.items()
            if stack > LARGEST_FRAME
        }

    def _depth_of(self, function: str, above: tuple[str, ...]) -> int:
        # A recursion counts once.
        if function in above:
            return 0
        if function not in self._depth:
            deepest = max((self._depth_of(callee, (*above, function)) for callee in self._calls[function]), default=0)
            self._depth[function] = self._stack.get(function, 0) + deepest
        return self._depth[function]
