"""Run tests/hil several times with one seed and compare the device's behaviour, to the nanosecond of bench time.

    python -m tools.determinism --runs 10 --seed 1       makes runs and compares them
    python -m tools.determinism reports/runs/A ...       compares existing runs, of one worker each

A trace is the OCPP frames with their text, the edges of all pins, and the lines of the console, each with its bench
time. Two values depend on the computer and are left out: the port number that the kernel assigned to the bench, and the
number of rounds of the device's loop (`loops`, `turns`), because the kernel decides how many TCP segments wake the
loop. Two more depend on random numbers, and are compared in part. The flash sectors that littlefs takes depend on the
provisioned keys: which sectors are erased may differ, but not how often. The depth at which a stack overflows depends
on the random address of the stack: the backtrace of an overflow is left out.

The heap figures of the telemetry may differ by `HEAP_TOLERANCE`, and the result names the largest difference: keys and
signatures of TLS are random, and the length of their encodings varies by a byte.

Two tests differ now and then: `test_networks_are_stored_scanned_and_used` and that of the fault `lease-lost` (10 runs,
November 2026). They change the radio and poll `status` at the same moment. The radio's messages and the console are two
channels, and the kernel decides which one the device reads first. So the device may answer one more poll before it
loses the link.
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

_HOST_DEPENDENT = re.compile(r"(?<=127\.0\.0\.1:)\d+|(?<=\"loops\":)\d+|(?<=\"turns\":)\[[\d,]+\]")
_SECTOR_ERASES = re.compile(r"(?<=\"sector_erases\":\[)[\d,]+")
_OVERFLOW = "stack overflow"
_BACKTRACE = re.compile(r"(?<=backtrace[=:]) ?0x[\da-fx, ]+")
_HEAP = re.compile(r"(\"heap_(?:free|largest|min)\":)(\d+)")
HEAP_TOLERANCE = 64
"""In bytes. A leak or another sequence of allocations differs by more."""
_SHOWN = 3
_LONGEST = 160


def main(arguments: list[str] | None = None) -> int:
    """Compare runs. Return 0 if all traces are equal, 1 if one differs, 2 with fewer than two runs."""
    options = _parser().parse_args(arguments)
    folders = options.folders or list(_run(options.runs, options.seed, options.tests))
    if len(folders) < 2:
        print(
            "determinism: nothing to compare; name the folders of at least two runs, like reports/runs/ID",
            file=sys.stderr,
        )
        return 2
    runs = [_traces(folder) for folder in folders]
    different = {test: found for test in runs[0] if (found := differences([run.get(test, []) for run in runs]))}
    for test, found in different.items():
        print(f"differs: {test}", *(f"    {line[:_LONGEST]}" for line in found[:_SHOWN]), sep="\n")
    print(f"{len(runs[0]) - len(different)} of {len(runs[0])} tests have the same trace in all of {len(runs)} runs")
    spreads = [spread for test in runs[0].keys() - different if (spread := heap_spread([run[test] for run in runs]))]
    if spreads:
        print(f"in {len(spreads)} of these tests, heap figures differ by at most {max(spreads)} B (TLS)")
    return 1 if different else 0


def trace(events: Sequence[Event]) -> list[str]:
    """Return the lines of a trace in order of bench time, and lines of the same time in order of their text.

    A test's thread and the bench's thread append events of one moment in an order that depends on the computer.
    """
    lines = [f"{t} {line}" for t, line in sorted((event.t, _line(event)) for event in events) if line]
    has_overflow = any(_OVERFLOW in line for line in lines)
    return [_BACKTRACE.sub("", line) for line in lines] if has_overflow else lines


def differences(traces: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a test that are not in every trace, with the number of traces that have them.

    The heap figures are compared only if their spread is above the tolerance.
    """
    if heap_spread(traces) <= HEAP_TOLERANCE:
        traces = [[_HEAP.sub(r"\1", line) for line in lines] for lines in traces]
    counts = Counter(line for lines in traces for line in lines)
    each = [Counter(lines) for lines in traces]
    uneven = [line for line in counts if len({count[line] for count in each}) > 1]
    return [f"{sum(1 for count in each if count[line])} of {len(traces)} runs: {line}" for line in uneven]


def heap_spread(traces: Sequence[Sequence[str]]) -> int:
    """Return the largest difference of a heap figure, in bytes: in all traces, that of the same line."""
    figures = [[int(value) for line in lines for _, value in _HEAP.findall(line)] for lines in traces]
    return max((max(same) - min(same) for same in zip(*figures, strict=False)), default=0)


def _line(event: Event) -> str:
    match event:
        case OcppFrame():
            return f"ocpp {event.direction} {event.raw}"
        case PinEdge():
            return f"pin {event.signal} {int(event.level)}"
        case LogLine():
            return f"log {_SECTOR_ERASES.sub(_sorted, _HOST_DEPENDENT.sub('', event.text))}"
        case _:
            return ""


def _sorted(numbers: re.Match[str]) -> str:
    return ",".join(sorted(numbers[0].split(","), key=int))


def _traces(folder: Path) -> dict[str, list[str]]:
    tests: Sequence[Test] = read_run(folder).tests
    return {f"{test.nodeid} (attempt {test.attempt})": trace(test.events) for test in tests}


def _run(runs: int, seed: int, tests: Sequence[str]) -> Iterator[Path]:
    """Run the suite on one bench, always in the same order. Yield the folder of each run."""
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
    parser.add_argument(
        "folders", nargs="*", type=Path, metavar="RUN", help="run folders to compare (default: make new runs)"
    )
    parser.add_argument("--runs", type=int, default=10, metavar="N", help="number of runs to make (default: 10)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the tests' order (default: 1)")
    parser.add_argument("--tests", nargs="+", default=[], metavar="PATH", help="tests to run (default: tests/hil)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
