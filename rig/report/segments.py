"""Segments of a lane, from moments at which something was switched."""

from __future__ import annotations

from collections.abc import Iterable

from rig.report.lanes import Segment


def switched(
    before: bool | None, changes: Iterable[tuple[float, bool]], end: float, words: tuple[str, str]
) -> tuple[Segment, ...]:
    """Read the stretches of what is on or off. None at all where nobody ever said which.

    Args:
        before: how it was when the test began; None: nobody knows.
        changes: when it changed, in seconds, and to what.
        end: the test's length in seconds.
        words: what to say where it is off, and where it is on.
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
    """Leave out segments that last no time, and make one of neighbours that say the same."""
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
