"""Play the OCPP 1.6 compliance set in random order and print its table: `python -m tools.octt`, or `make octt`.

The exit code is 0 if no case failed. A case whose feature the charge point does not declare is *not supported*: it
counts neither as passed nor as failed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Literal

from rig.scenarios import Scenario, is_part, load

ROOT = Path(__file__).parent.parent
SET = ROOT / "scenarios" / "octt-1.6"
JUNIT = ROOT / "reports" / "junit" / "octt.xml"

NOT_SUPPORTED = "not supported: "

Verdict = Literal["passed", "failed", "error", "not supported", "skipped", "no result"]
_GOOD = ("passed", "not supported")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a case: its verdict, the reason for any but passed, and its duration in real seconds."""

    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0


def results(junit: Path) -> dict[str, Result]:
    """Read the results by case from a JUnit file of pytest.

    Raises:
        OSError: the file cannot be read.
        ElementTree.ParseError: the file is incomplete.
    """
    found: dict[str, Result] = {}
    for case in ElementTree.parse(junit).getroot().iter("testcase"):
        name, seconds = Path(str(case.get("name"))).stem, float(case.get("time") or 0)
        if (failure := case.find("failure")) is not None:
            found[name] = Result("failed", _first_line(failure), seconds)
        elif (error := case.find("error")) is not None:
            found[name] = Result("error", _first_line(error), seconds)
        elif (skipped := case.find("skipped")) is not None:
            reason = skipped.get("message") or ""
            lacks = reason.startswith(NOT_SUPPORTED)
            found[name] = Result("not supported" if lacks else "skipped", reason.removeprefix(NOT_SUPPORTED), seconds)
        else:
            found[name] = Result("passed", "", seconds)
    return found


def table(cases: Sequence[Scenario], found: Mapping[str, Result]) -> str:
    """Return the table: a line for each case, in groups, and the totals."""
    lines: list[str] = []
    group = ""
    for case in cases:
        if case.group != group:
            group = case.group
            lines.append(f"\n{group}")
        result = found.get(case.case, Result("no result", "the case did not run"))
        words = f"{result.reason}: {case.title}" if result.verdict == "not supported" else case.title
        lines.append(f"  {case.case:<14} {result.verdict:<13} {result.seconds:6.2f} s  {words}")
        if result.verdict not in _GOOD:
            lines.append(f"  {'':<14} {result.reason}")
    return "\n".join(lines)


def totals(cases: Sequence[Scenario], found: Mapping[str, Result]) -> str:
    """Return the numbers of cases by verdict."""
    counts = Counter(found[case.case].verdict if case.case in found else "no result" for case in cases)
    first: list[Verdict] = ["passed", "failed", "not supported"]
    parts = [f"{counts[verdict]} {verdict}" for verdict in first]
    parts += [f"{number} {verdict}" for verdict, number in counts.items() if verdict not in first]
    return f"{len(cases)} cases: {', '.join(parts)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the set once or several times. Return 1 if a case failed, or differed between the runs, else 0."""
    options = _parser().parse_args(arguments)
    cases = _cases()
    if options.keyword:
        cases = [case for case in cases if options.keyword.lower() in f"{case.case} {case.group}".lower()]
    if not cases:
        print(f"octt: no case has {options.keyword!r} in its name or group", file=sys.stderr)
        return 2
    verdicts: dict[str, Counter[str]] = {case.case: Counter() for case in cases}
    for number in range(options.runs):
        seed = options.seed + number if options.seed is not None else random.randrange(1 << 31)
        began = monotonic()
        found = _run(cases, options.bench, options.workers, seed)
        took = monotonic() - began
        if options.runs == 1:
            print(table(cases, found))
        print(f"\n{totals(cases, found)}, in {took:.1f} s (SEED={seed})", flush=True)
        for case in cases:
            result = found.get(case.case, Result("no result"))
            verdicts[case.case][result.verdict] += 1
            if options.runs > 1 and result.verdict not in _GOOD:
                print(f"  {case.case} {result.verdict}: {result.reason}")
    flaky = [f"{name}: {dict(counts)}" for name, counts in verdicts.items() if len(counts) > 1]
    if options.runs > 1:
        print(f"{options.runs} runs, {len(flaky)} flaky cases", *flaky, sep="\n  ")
    failed = any(verdict not in (*_GOOD, "skipped") for counts in verdicts.values() for verdict in counts)
    return 1 if failed or flaky else 0


def _cases() -> list[Scenario]:
    """Return the cases in the order of their groups and identifiers."""
    cases = [load(path, ROOT) for path in sorted(SET.glob("*.yaml")) if not is_part(path)]
    first: dict[str, str] = {}
    for case in cases:
        first.setdefault(case.group, case.case)
    return sorted(cases, key=lambda case: (first[case.group], case.case))


def _run(cases: Sequence[Scenario], bench: str, workers: int, seed: int) -> dict[str, Result]:
    """Play cases in random order. Return their results."""
    JUNIT.parent.mkdir(parents=True, exist_ok=True)
    JUNIT.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", *(str(case.path.relative_to(ROOT)) for case in cases)]
    command += [f"--bench={bench}", f"--junitxml={JUNIT}", "-p", "no:hypothesispytest", "--quiet", "--no-summary"]
    command += ["--basetemp=build/tmp-octt", "--random-order-bucket=global", f"--random-order-seed={seed}"]
    command += [f"--numprocesses={workers}", "--dist=worksteal"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        return results(JUNIT)
    except (OSError, ElementTree.ParseError):
        print(ran.stdout[-4000:], ran.stderr[-4000:], file=sys.stderr)
        return {}


def _first_line(element: ElementTree.Element) -> str:
    return (element.get("message") or element.text or "").strip().split("\n")[0][:300]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.octt", description="Play the OCPP 1.6 compliance set.")
    parser.add_argument("--bench", metavar="FILE", default="benches/virtual.toml", help="the bench description")
    parser.add_argument("--workers", metavar="N", type=int, default=0, help="cases at a time (default: 0, in order)")
    parser.add_argument("--seed", metavar="N", type=int, help="the order of the first run (default: a new one)")
    parser.add_argument("--runs", metavar="N", type=int, default=1, help="runs, each in another order (default: 1)")
    parser.add_argument("-k", dest="keyword", metavar="WORD", default="", help="only cases with it in name or group")
    return parser


if __name__ == "__main__":
    sys.exit(main())
