"""Compare the traces of runs: what the device did in each test, to the nanosecond of bench time.

A trace is the OCPP frames with their texts, the edges of all pins, and the lines of the console, each with its bench
time. Runs of one seed have the same traces where nothing depends on the computer (docs/design.md, section 5). Two
things do by design and are left out: the number of the port that the kernel gave the bench, and how many rounds the
device's loop took, because the kernel decides how many segments of TCP wake it.

    python -m tools.traces reports/runs/A reports/runs/B ...
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rig.runs.load import Test, read_run
from rig.timeline.events import Event, LogLine, OcppFrame, PinEdge

_SHOWN = 5
_OF_THE_COMPUTER = re.compile(r"(?<=127\.0\.0\.1:)\d+|(?<=\"loops\":)\d+")


def main(folders: Sequence[str]) -> int:
    """Print what differs. Returns 1 where a test's trace differs between the runs, 2 where they do not fit together."""
    if len(folders) < 2:
        print("name the folders of two runs at least, like reports/runs/ID", file=sys.stderr)
        return 2
    runs = [{(test.nodeid, test.attempt): list(trace(test)) for test in read_run(Path(folder)).tests} for folder in folders]
    first, *others = runs
    if any(other.keys() != first.keys() for other in others):
        print("the runs have different tests", file=sys.stderr)
        return 2
    differing = 0
    for key, lines in first.items():
        different = next((other[key] for other in others if other[key] != lines), None)
        if different is None:
            continue
        differing += 1
        print(f"differs: {key[0]}")
        for one, other in _first_differences(lines, different):
            print(f"    {one}\n    {other}")
    digest = hashlib.sha256("\n".join(line for lines in first.values() for line in lines).encode()).hexdigest()
    print(f"{len(first) - differing} of {len(first)} tests have the same trace in {len(runs)} runs (first run: {digest[:16]})")
    return 1 if differing else 0


def trace(test: Test) -> Iterator[str]:
    """The lines of a test's trace, in order of bench time; those of one moment in order of their text.

    Channels that bring something at the same moment are read in an order that is the computer's.
    """
    found = [(event.t, line) for event in test.events if (line := _line(event))]
    yield from (f"{t} {line}" for t, line in sorted(found))


def _line(event: Event) -> str:
    match event:
        case OcppFrame():
            return f"ocpp {event.direction} {event.raw}"
        case PinEdge():
            return f"pin {event.signal} {int(event.level)}"
        case LogLine():
            return f"log {_OF_THE_COMPUTER.sub('', event.text)}"
        case _:
            return ""


def _first_differences(one: list[str], other: list[str]) -> Iterator[tuple[str, str]]:
    only, instead = Counter(one) - Counter(other), Counter(other) - Counter(one)
    yield from list(zip([f"- {line}"[:200] for line in only], [f"+ {line}"[:200] for line in instead], strict=False))[:_SHOWN]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
