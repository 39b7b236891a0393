"""Cut the power of the device at every flash operation, in several processes: `python -m tools.powercut`.

The program `powercut` (firmware/test/powercut) makes the cuts. This tool starts one process per job, each with a share
of the cuts, sums the results, prints a table and writes JUnit.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parent.parent
PROGRAM = ROOT / "build" / "firmware" / "powercut"
JUNIT = ROOT / "reports" / "junit" / "powercut.xml"
EFFECTS = 3
# The second cuts of each scenario: at most this number, or, with a number above all possible cuts, all of them.
NESTED_FIXED = 60
NESTED_ALL = 10_000_000
# The number of ids to show for each rule.
_SHOWN = 1
_WIDTH = 300
_USAGE = 2


class PowercutError(Exception):
    """The program could not be started, or crashed. The text has the id of the run."""


@dataclass(slots=True)
class Row:
    """The results of one scenario, summed over the processes."""

    scenario: str
    operations: int = 0
    first_cuts: int = 0
    nested_cuts: int = 0
    nested_of: int = 0
    most_operations: int = 0
    failed_runs: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    findings: list[dict[str, str]] = field(default_factory=list)

    def add(self, tally: dict[str, object]) -> None:
        """Add the results of one process."""
        counts = {name: value for name, value in tally.items() if isinstance(value, int)}
        self.operations = max(self.operations, counts["operations"])
        self.most_operations = max(self.most_operations, counts["most_operations"])
        self.first_cuts += counts["first_cuts"]
        self.nested_cuts += counts["nested_cuts"]
        self.nested_of += counts["nested_of"]
        self.failed_runs += counts["failed_runs"]
        rules = tally["rules"]
        if isinstance(rules, dict):
            self.rules.update(rules)

    @property
    def covered(self) -> float:
        """The cuts in percent of operations times effects."""
        return 100 * self.first_cuts / (EFFECTS * self.operations) if self.operations else 0.0

    def examples(self) -> list[dict[str, str]]:
        """Return the shortest ids of each rule, because runs with few cuts are the easiest to read."""
        chosen = []
        for rule in self.rules:
            of_rule = [finding for finding in self.findings if finding["rule"] == rule]
            chosen += sorted(of_rule, key=lambda finding: finding["id"].count(":"))[:_SHOWN]
        return chosen


def explore(program: Path, jobs: int, options: list[str]) -> list[Row]:
    """Run the program in `jobs` processes.

    Args:
        program: the executable.
        jobs: processes, at least 1.
        options: the options of the program, besides its share.

    Returns:
        A row for each scenario, in the program's order.

    Raises:
        PowercutError: a process could not be started, rejected its options or crashed.
    """
    commands = [[str(program), *options, "--share", str(share), "--shares", str(jobs)] for share in range(jobs)]
    with ThreadPoolExecutor(jobs) as pool:
        outputs = list(pool.map(_run, commands))
    rows: dict[str, Row] = {}
    for output in outputs:
        findings: list[dict[str, str]] = []
        for line in output.splitlines():
            entry = json.loads(line)
            if "rule" in entry:
                findings.append(entry)
                continue
            row = rows.setdefault(entry["scenario"], Row(entry["scenario"]))
            row.add(entry)
            row.findings += findings
            findings = []
    return list(rows.values())


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise PowercutError(
            f"{command[0]} cannot be started: {error.strerror}; build it with `make powercut`"
        ) from error
    if done.returncode == _USAGE:
        raise PowercutError(done.stderr.strip())
    if done.returncode in (0, 1) and not done.stderr:
        return done.stdout
    # A run is reproducible, so the last printed id is that of the crash.
    traced = subprocess.run([*command, "--trace"], capture_output=True, text=True, check=False)
    ids = [line for line in traced.stdout.splitlines() if not line.startswith("{")]
    place = f"in {ids[-1]}" if ids else "before the first cut"
    raise PowercutError(f"the program crashed {place} (exit code {done.returncode}):\n{done.stderr.strip()}")


def table(rows: list[Row]) -> str:
    """Format the rows as a text table."""
    lines = [("scenario", "operations", "cuts", "covered", "nested", "of", "longest boot", "failed runs")]
    lines += [
        (
            row.scenario,
            str(row.operations),
            str(row.first_cuts),
            f"{row.covered:.0f} %",
            str(row.nested_cuts),
            str(row.nested_of),
            str(row.most_operations),
            str(row.failed_runs),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def write_junit(path: Path, rows: list[Row], seconds: float) -> None:
    """Write a test case for each scenario. A failed one has the broken rules with ids to replay."""
    suite = ElementTree.Element("testsuite", name="powercut", tests=str(len(rows)), time=f"{seconds:.1f}")
    for row in rows:
        case = ElementTree.SubElement(
            suite, "testcase", classname="powercut", name=row.scenario, time=f"{seconds / len(rows):.2f}"
        )
        if row.failed_runs:
            message = ", ".join(f"{rule}: {count} runs" for rule, count in sorted(row.rules.items()))
            failure = ElementTree.SubElement(case, "failure", message=message)
            failure.text = "\n".join(_words(finding) for finding in row.examples())
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(path, encoding="unicode")


def _words(finding: dict[str, str]) -> str:
    return f"make powercut ID={finding['id']}\n  {finding['rule']}: {finding['text'][:_WIDTH]}"


def main(arguments: list[str]) -> int:
    """Run the scenarios and print the table. Return 1 if a rule was broken, 2 if there is no result."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.powercut",
        description="Cut the power of the device at every operation on its flash, boot it from that flash, and check\n"
        "the messages to the CSMS. Prints a table, and for each broken rule the id of a run.",
        epilog="exit codes: 0 no rule was broken, 1 a rule was broken, 2 the program is missing, crashed or rejected\n"
        "an option. `make powercut` builds the program first. Scenarios and rules: firmware/test/powercut/README.md",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenario", metavar="NAME", help="run only this scenario (default: all)")
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of the random effects and of the choice of second cuts (default: 1)"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="number of processes (default: %(default)s, the cores)"
    )
    parser.add_argument(
        "--depth",
        type=int,
        choices=(1, 2),
        default=2,
        help="maximum number of cuts in a run; 1: no cut during the recovery (default: 2)",
    )
    parser.add_argument("--full", action="store_true", help="make all cuts, not a selection of those of long runs")
    parser.add_argument(
        "--id", help="replay one run, such as charge-online:17h:5r:s1, and show the console of the device"
    )
    parser.add_argument(
        "--program",
        type=Path,
        default=PROGRAM,
        help="the program that makes the cuts (default: build/firmware/powercut)",
    )
    parser.add_argument(
        "--junit", type=Path, default=JUNIT, help="where to write JUnit (default: reports/junit/powercut.xml)"
    )
    chosen = parser.parse_args(arguments)
    if chosen.id:
        return subprocess.run([str(chosen.program), "--id", chosen.id], check=False).returncode
    nested = 0 if chosen.depth == 1 else NESTED_ALL if chosen.full else NESTED_FIXED
    options = ["--seed", str(chosen.seed), "--nested", str(nested), *(["--all"] if chosen.full else [])]
    if chosen.scenario:
        options += ["--scenario", chosen.scenario]
    began = monotonic()
    try:
        rows = explore(chosen.program, max(1, chosen.jobs), options)
    except PowercutError as error:
        print(f"powercut: {error}", file=sys.stderr)
        return 2
    seconds = monotonic() - began
    write_junit(chosen.junit, rows, seconds)
    print(table(rows))
    for row in rows:
        for finding in row.examples():
            print(_words(finding))
    runs = sum(row.first_cuts + row.nested_cuts for row in rows)
    failed = sum(row.failed_runs for row in rows)
    rules = sum((row.rules for row in rows), Counter[str]())
    words = "".join(f", {rule}: {count}" for rule, count in sorted(rules.items()))
    print(f"powercut: {runs} runs in {seconds:.0f} s, {failed} broke a rule{words}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
