"""Run single tests many times, in random order, and list those that do not always pass.

`python -m tools.flake_hunt --runs 1000` spreads the runs evenly over the tests, shuffles them, and distributes them to
several workers, each with a bench of its own. A flaky test is a bug of the test, of the bench or of the device. The
folder of a failed run has its record. The same seed makes the same order.
"""

from __future__ import annotations

import argparse
import copy
import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "build" / "flakes"
TABLE = ROOT / "reports" / "flakes.txt"
SESSION_RUNS = 200
"""Runs in one pytest session, so that a report of its record takes little time."""


@dataclass(slots=True)
class Tally:
    """The results of one test: `seconds` has an entry for each run, `failures` one for each failed run."""

    seconds: list[float] = field(default_factory=list)
    skipped: int = 0
    failures: list[str] = field(default_factory=list)


# -- inside pytest: `-p tools.flake_hunt` -------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for the number of runs and their order."""
    group = parser.getgroup("flake hunt")
    group.addoption("--hunt-runs", type=int, metavar="N", help="make N runs of the collected tests, in random order")
    group.addoption("--hunt-first", type=int, default=0, metavar="N", help="number of runs in earlier sessions")
    group.addoption("--hunt-seed", type=int, default=0, metavar="N", help="the same seed makes the same order")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Replace the collected tests by duplicates of them, one for each run."""
    runs = config.getoption("hunt_runs")
    if runs is None or not items:
        return
    first, seed = config.getoption("hunt_first"), config.getoption("hunt_seed")
    order = random.Random(seed).sample(items, len(items))
    chosen = [order[number % len(order)] for number in range(first, first + runs)]
    random.Random(seed + first).shuffle(chosen)
    items[:] = [_like(item) for item in chosen]


def _like(item: pytest.Item) -> pytest.Item:
    """Duplicate a test: pytest tears down between two runs only if each run has its own object."""
    other = copy.copy(item)
    other.stash = pytest.Stash()
    if isinstance(other, pytest.Function):
        other._initrequest()
    return other


# -- around pytest ------------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    """Run the tests. Return 0 if every run passed, 1 if one failed, 2 if pytest itself failed."""
    options = _parser().parse_args(arguments)
    RESULTS.mkdir(parents=True, exist_ok=True)
    tallies: dict[str, Tally] = defaultdict(Tally)
    for first in range(0, options.runs, SESSION_RUNS):
        results = RESULTS / f"{first}.xml"
        results.unlink(missing_ok=True)
        status = _session(options, first, min(SESSION_RUNS, options.runs - first), results)
        if not results.exists():
            print(f"flake hunt: pytest ended with {status} and without results", file=sys.stderr)
            return 2
        _count(results, tallies)
    text = "\n".join(table(tallies, options.seed))
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(text + "\n", encoding="utf-8")
    print(text)
    if not tallies:
        print("flake hunt: no test matches; check the paths and -k", file=sys.stderr)
        return 2
    return int(any(tally.failures for tally in tallies.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.flake_hunt", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="how many runs of single tests (default: 1000)")
    parser.add_argument("--workers", type=int, default=4, help="benches side by side (default: 4)")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(1 << 31), help="seed of the order (default: random)"
    )
    parser.add_argument("tests", nargs="*", default=["tests/hil"], help="paths or ids of tests (default: tests/hil)")
    parser.add_argument("-k", metavar="EXPRESSION", default="", help="only tests that match, as pytest's -k")
    return parser


def _session(options: argparse.Namespace, first: int, runs: int, results: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-p", "tools.flake_hunt", "-q", "--tb=short", "-p", "no:cacheprovider"]
    command += ["--rig-keep-runs=0"]  # keep the records of all sessions of this hunt
    command += [
        f"--hunt-runs={runs}",
        f"--hunt-first={first}",
        f"--hunt-seed={options.seed}",
        f"-n{options.workers}",
        "--dist=worksteal",
    ]
    command += [f"--junitxml={results}", f"--basetemp={RESULTS / 'tmp'}", "-k", options.k, *options.tests]
    return subprocess.run(command, cwd=ROOT, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}).returncode


def _count(results: Path, tallies: dict[str, Tally]) -> None:
    for case in ElementTree.parse(results).iter("testcase"):
        tally = tallies[f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"]
        tally.seconds.append(float(case.get("time", 0)))
        trouble = case.find("failure") if case.find("failure") is not None else case.find("error")
        if trouble is not None:
            tally.failures.append((trouble.get("message") or trouble.text or "").strip().split("\n")[0][:200])
        elif case.find("skipped") is not None:
            tally.skipped += 1


def table(tallies: dict[str, Tally], seed: int) -> Iterable[str]:
    """Yield a table of tests: failed ones first, then by the longest run."""
    total = sum(len(tally.seconds) for tally in tallies.values())
    failed = sum(len(tally.failures) for tally in tallies.values())
    yield f"{total} runs of {len(tallies)} tests, seed {seed}: {failed} failed"
    yield ""
    yield f"{'runs':>5} {'failed':>6} {'skipped':>7} {'mean s':>7} {'most s':>7}  test"
    ranked = sorted(tallies.items(), key=lambda entry: (-len(entry[1].failures), -max(entry[1].seconds), entry[0]))
    for name, tally in ranked:
        mean = sum(tally.seconds) / len(tally.seconds)
        yield (
            f"{len(tally.seconds):>5} {len(tally.failures):>6} {tally.skipped:>7} {mean:>7.2f} "
            f"{max(tally.seconds):>7.2f}  {name}"
        )
        for failure in sorted(set(tally.failures)):
            yield f"{'':>36}{tally.failures.count(failure)} times: {failure}"


if __name__ == "__main__":
    sys.exit(main())
