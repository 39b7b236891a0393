"""Labels that never overlap: each is to the right of its pole, in a separate row if necessary.

A pole goes straight from its label to the lane. No pole crosses a label: a label that spans the pole of a later label
is in a row farther from the lane. If that needs too many rows, the crowded labels are shortened: first to short texts,
then to counts of the same kind, then to counts of all kinds. Labels that reach into their neighbours get their short
texts first.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rig.report.text import fit, width

GAP = 8.0
"""The minimum distance between two labels, in pixels."""
POLE_GAP = 3.0
"""The distance from the pole to the label, in pixels."""


@dataclass(frozen=True, slots=True)
class Flag:
    """An item with a label.

    Attributes:
        x: the item's position in pixels.
        text, short: the label, and a shorter one with the kind of item. Items with equal short labels are counted.
        loud: drawn as an error. A group with a loud member is loud, and shows how many are loud unless all are.
    """

    x: float
    text: str
    short: str
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A placed label. `row` 0 is next to the lane; `count` is the number of flags that it represents."""

    x: float
    row: int
    text: str
    loud: bool
    count: int


# Level 0: full text; 1: short text; then groups within this many pixels, first of the same kind, then of any.
_REACHES = (16.0, 48.0, 120.0, 300.0, math.inf)
_MOST_LEVEL = 1 + 2 * len(_REACHES)
_MOST_TEXT = 420.0


def place(flags: Sequence[Flag], right: float, rows: int, size: float) -> list[Label]:
    """Place labels in at most `rows` rows.

    Args:
        flags: the flags in order of x.
        right: the right limit of labels in pixels, well to the right of the last flag.
        rows: the number of rows, at least 1.
        size: the font size in pixels.
    """
    levels = [_level_for(len(flags), rows)] * len(flags)
    while True:
        groups = _grouped(flags, levels)
        labels = [_label(flags[start:end], levels[start], right, size) for start, end in groups]
        ends = [label.x + POLE_GAP + width(label.text, size) + GAP for label in labels]
        heights = _heights(labels, ends)
        if all(height < rows for height in heights):
            placed = zip(labels, heights, strict=True)
            return [Label(label.x, height, label.text, label.loud, label.count) for label, height in placed]
        for first, last in _islands(labels, ends):
            if max(heights[first : last + 1]) >= rows:
                members = _too_long(flags, levels, groups[first][0], groups[last][1], size) or range(
                    groups[first][0], groups[last][1]
                )
                raised = min(min(levels[member] for member in members) + 1, _MOST_LEVEL)
                for member in members:
                    levels[member] = max(levels[member], raised)


def _islands(labels: Sequence[Label], ends: Sequence[float]) -> list[tuple[int, int]]:
    """Return the crowded runs of labels as index pairs of their first and last label."""
    islands: list[tuple[int, int]] = []
    reach = -math.inf
    for index, label in enumerate(labels):
        if label.x < reach:
            islands[-1] = (islands[-1][0], index)
        else:
            islands.append((index, index))
        reach = max(reach, ends[index])
    return islands


def _too_long(flags: Sequence[Flag], levels: Sequence[int], first: int, last: int, size: float) -> list[int]:
    """Return the labels in a crowd that reach a later label with their full text, but not with their short text."""
    found = []
    for index in range(first, last):
        flag = flags[index]
        if levels[index] == 0 and not flag.loud:
            reach = flag.x + POLE_GAP + GAP
            short, full = reach + width(flag.short, size), reach + width(flag.text, size)
            if any(short <= later.x < full for later in flags[index + 1 : last]):
                found.append(index)
    return found


def _level_for(count: int, rows: int) -> int:
    """Return the first level to try. Hundreds of flags never fit as single labels, and trying is slow."""
    return 0 if count <= 40 * rows else 2 + len(_REACHES)


def _grouped(flags: Sequence[Flag], levels: Sequence[int]) -> list[tuple[int, int]]:
    """Return the runs of flags that share a label, as index ranges."""
    groups: list[tuple[int, int]] = []
    for index, flag in enumerate(flags):
        if groups:
            start = groups[-1][0]
            first, level = flags[start], levels[index]
            if (
                level >= 2
                and level == levels[start]
                and flag.x - first.x <= _REACHES[(level - 2) % len(_REACHES)]
                and (level - 2 >= len(_REACHES) or flag.short == first.short)
            ):
                groups[-1] = (start, index + 1)
                continue
        groups.append((index, index + 1))
    return groups


def _label(members: Sequence[Flag], level: int, right: float, size: float) -> Label:
    first = members[0]
    loud = [flag for flag in members if flag.loud]
    if len(members) == 1:
        text = first.text if level == 0 or (first.loud and level < 3) else first.short
    else:
        counts = Counter(flag.short for flag in members).most_common()
        parts = [f"{short} ×{count}" if count > 1 else short for short, count in counts[:3]]
        more = sum(count for _, count in counts[3:])
        text = ", ".join(parts) + (f", {more} more" if more else "")
        if 0 < len(loud) < len(members):
            text += f" ({len(loud)} wrong)"
    room = min(right - first.x - POLE_GAP, _MOST_TEXT)
    return Label(first.x, 0, fit(text, room, size), bool(loud), len(members))


def _heights(labels: Sequence[Label], ends: Sequence[float]) -> list[int]:
    heights = [0] * len(labels)
    for index in range(len(labels) - 1, -1, -1):
        later = index + 1
        while later < len(labels) and labels[later].x < ends[index]:
            heights[index] = max(heights[index], heights[later] + 1)
            later += 1
    return heights
