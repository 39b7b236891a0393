"""Compare the coverage of the rig and of the firmware with their limits.

    python -m tools.coverage_gate reports/coverage/python.json reports/coverage/firmware.xml

The firmware's core, runtime and features are pure: a unit test reaches each branch. Its ports and its `main` are tested
on the bench, which is not counted.
"""

from __future__ import annotations

import argparse
import json
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

LIMIT = 0.9


class ReportError(Exception):
    """A report has nothing to compare with a limit, or has another format."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The coverage of some files, in lines or branches.

    Attributes:
        covered: the lines or branches that ran.
        total: all of them.
    """

    covered: int
    total: int

    @property
    def share(self) -> float:
        """The covered share, from 0 to 1."""
        return self.covered / self.total


def lines(report: Path, folder: str) -> Counts:
    """Count the lines of the files below a folder.

    Args:
        report: the JSON report of coverage.py, which names each file by its path below the clone. Its Cobertura report
            does not: that one leaves out the measured folder, so `rig/a.py` and `tools/a.py` are both `a.py`.
        folder: the folder, with which the names of files in the report begin.

    Raises:
        OSError: the report cannot be read.
        ReportError: the report is incomplete, or has no line of the folder.
    """
    try:
        files = json.loads(report.read_text())["files"]
        found = [
            (file["summary"]["covered_lines"], file["summary"]["num_statements"])
            for name, file in files.items()
            if name.startswith(folder)
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReportError(f"{report} is no JSON report of coverage.py ({error!r})") from None
    return _sum(found, report, folder, "lines")


def branches(report: Path, folder: str) -> Counts:
    """Count the branches of the files below a folder.

    Args:
        report: a file in Cobertura's format.
        folder: the folder, with which the names of files in the report begin.

    Raises:
        OSError: the report cannot be read.
        ReportError: the report is incomplete, or has no branch of the folder.
    """
    try:
        files = ElementTree.parse(report).getroot().iter("class")
    except ElementTree.ParseError as error:
        raise ReportError(f"{report} is no report in Cobertura's format ({error})") from None
    shares = [
        line.get("condition-coverage", "")  # 50% (2/4)
        for file in files
        if file.get("filename", "").startswith(folder)
        for line in file.iterfind("lines/line")
    ]
    found = [share.partition("(")[2].rstrip(")").split("/") for share in shares if share]
    return _sum([(int(covered), int(total)) for covered, total in found], report, folder, "branches")


def _sum(found: list[tuple[int, int]], report: Path, folder: str, unit: str) -> Counts:
    counts = Counts(sum(covered for covered, _ in found), sum(total for _, total in found))
    if not counts.total:
        raise ReportError(f"{report} has no {unit} of files below {folder}")
    return counts


def main(arguments: list[str] | None = None) -> int:
    """Print each share. Return 1 where one is below its limit, 2 where a report is missing or incomplete."""
    parser = argparse.ArgumentParser(prog="tools.coverage_gate", description=__doc__.splitlines()[0])
    parser.add_argument("rig", type=Path, help="JSON report of the rig, by coverage.py")
    parser.add_argument("firmware", type=Path, help="Cobertura report of the firmware")
    options = parser.parse_args(arguments)
    try:
        found = {
            "lines of the rig": lines(options.rig, "rig/"),
            "branches of the firmware's core": branches(options.firmware, "src/core/"),
            "branches of the firmware's runtime": branches(options.firmware, "src/runtime/"),
            "branches of the firmware's features": branches(options.firmware, "src/features/"),
        }
    except (OSError, ReportError) as error:
        print(f"coverage: {error}. Write the reports with: make unit hil coverage COVERAGE=yes", file=sys.stderr)
        return 2
    for what, counts in found.items():
        verdict = "" if counts.share >= LIMIT else f", less than {LIMIT:.0%}"
        print(f"{counts.share:6.1%} of {counts.total} {what}{verdict}")
    return int(any(counts.share < LIMIT for counts in found.values()))


if __name__ == "__main__":
    sys.exit(main())
