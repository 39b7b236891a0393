"""Run tests/hil several times with one seed, and compare what the device did: to the nanosecond of bench time.

    python -m tools.determinism --runs 10 --seed 1       runs and compares
    python -m tools.determinism reports/runs/A ...       compares runs that are there, of one worker each

A trace is the OCPP frames with their texts, the edges of all pins, and the lines of the console, each with its bench
time. Two things depend on the computer and are left out: the number of the port that the kernel gave the bench, and how
many rounds the device's loop took, because the kernel decides how many segments of TCP wake it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rig.runs.load import Test, read_run
from rig.timeline.events import Event, LogLine, OcppFrame, PinEdge

ROOT = Path(__file__).parent.parent
RUNS = ROOT / "build" / "determinism"

_OF_THE_COMPUTER = re.compile(r"(?<=127\.0\.0\.1:)\d+|(?<=\"loops\":)\d+")
_SHOWN = 3
_LONGEST = 160


def main(arguments: list[str] | None = None) -> int:
    """Compare. Returns 0 where every trace is the same, 1 where one is not, 2 where there is nothing to compare."""
    options = _parser().parse_args(arguments)
    folders = options.folders or list(_run(options.runs, options.seed, options.tests))
    if len(folders) < 2:
        print("name the folders of two runs at least, like reports/runs/ID", file=sys.stderr)
        return 2
    runs = [_traces(folder) for folder in folders]
    different = {test: found for test in runs[0] if (found := differences([run.get(test, []) for run in runs]))}
    for test, found in different.items():
        print(f"differs: {test}", *(f"    {line[:_LONGEST]}" for line in found[:_SHOWN]), sep="\n")
    print(f"{len(runs[0]) - len(different)} of {len(runs[0])} tests have the same trace in all of {len(runs)} runs")
    return 1 if different else 0


def trace(events: Sequence[Event]) -> list[str]:
    """The lines of a trace, in order of bench time; those of one moment in order of their text.

    A test's thread and the bench's put events of one moment on the timeline in an order that is the computer's.
    """
    return [f"{t} {line}" for t, line in sorted((event.t, _line(event)) for event in events) if line]


def differences(traces: Sequence[Sequence[str]]) -> list[str]:
    """The lines that not every trace of a test has, with the number of traces that have them."""
    counts = Counter(line for lines in traces for line in lines)
    each = [Counter(lines) for lines in traces]
    uneven = [line for line in counts if len({count[line] for count in each}) > 1]
    return [f"{sum(1 for count in each if count[line])} of {len(traces)} runs: {line}" for line in uneven]


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


def _traces(folder: Path) -> dict[str, list[str]]:
    tests: Sequence[Test] = read_run(folder).tests
    return {f"{test.nodeid} (attempt {test.attempt})": trace(test.events) for test in tests}


def _run(runs: int, seed: int, tests: Sequence[str]) -> Iterator[Path]:
    """Run the suite on one bench, in one order. Yields the folders of the runs."""
    shutil.rmtree(RUNS, ignore_errors=True)
    for number in range(1, runs + 1):
        records = RUNS / str(number)
        command = [
            *(
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "--no-header",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:hypothesispytest",
            ),
            *("--random-order-bucket=global", f"--random-order-seed={seed}", f"--rig-record={records}"),
            f"--basetemp={ROOT / 'build' / 'tmp-determinism'}",
            *(tests or ["tests/hil"]),
        ]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        print(f"run {number} of {runs}: {done.stdout.splitlines()[-1]}", flush=True)
        yield from sorted(folder for folder in records.iterdir() if folder.is_dir())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools.determinism", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="RUN", help="runs to compare; none: make them")
    parser.add_argument("--runs", type=int, default=10, metavar="N", help="how many runs to make (default: 10)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the tests' order (default: 1)")
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="which tests (default: tests/hil)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
