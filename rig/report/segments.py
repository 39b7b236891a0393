"""Segments of a lane, made from the times of changes."""

from __future__ import annotations

from collections.abc import Iterable

from rig.report.lanes import Segment


def switched(
    before: bool | None, changes: Iterable[tuple[float, bool]], end: float, words: tuple[str, str]
) -> tuple[Segment, ...]:
    """Make the segments of a state that is on or off; none if the state was never known.

    Args:
        before: the state at the test's start; None: unknown.
        changes: the time of each change in seconds, and the new state.
        end: the test's length in seconds.
        words: the labels for off and on.
    """
    at = sorted(changes, key=lambda change: change[0])
    if before is None and not at:
        return ()
    states: list[tuple[float, bool | None]] = [(0.0, before), *at]
    return joined(
        Segment(start, until, on, (words[on],) if on is not None and words[on] else ())
        for (start, on), until in zip(states, [t for t, _ in at] + [end], strict=True)
    )


def joined(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Remove segments without duration, and join neighbours with the same content."""
    found: list[Segment] = []
    for segment in segments:
        if segment.end <= segment.start:
            continue
        last = found[-1] if found else None
        if last and (last.on, last.texts, last.texture) == (segment.on, segment.texts, segment.texture):
            found[-1] = Segment(last.start, segment.end, last.on, last.texts, last.texture)
        else:
            found.append(segment)
    return tuple(found)
