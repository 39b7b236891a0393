"""Compare the coverage of the rig and of the firmware with their limits.

    python -m tools.coverage_gate reports/coverage/python.xml reports/coverage/firmware.xml

The firmware's core, runtime and features are pure: a unit test reaches each branch. Its ports and its `main` are tested
on the bench, which is not counted.
"""

from __future__ import annotations

import argparse
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIMIT = 0.9


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
        """The covered share, from 0 to 1; 0 where there is nothing."""
        return self.covered / self.total if self.total else 0.0


def lines(report: Path, folder: str) -> Counts:
    """Count the lines of the files below a folder.

    Args:
        report: a file in Cobertura's format.
        folder: the folder, with which the names of files in the report begin.

    Raises:
        OSError: the report cannot be read.
        ElementTree.ParseError: the report is incomplete.
    """
    hits = [int(line.get("hits", "0")) for line in _lines(report, folder)]
    return Counts(sum(1 for each in hits if each), len(hits))


def branches(report: Path, folder: str) -> Counts:
    """Count the branches of the files below a folder; arguments and errors as those of `lines`."""
    # 50% (2/4)
    shares = [line.get("condition-coverage", "").partition("(")[2].rstrip(")") for line in _lines(report, folder)]
    pairs = [tuple(map(int, share.split("/"))) for share in shares if share]
    return Counts(sum(covered for covered, _ in pairs), sum(total for _, total in pairs))


def _lines(report: Path, folder: str) -> Iterator[ElementTree.Element]:
    for file in ElementTree.parse(report).getroot().iter("class"):
        if file.get("filename", "").startswith(folder):
            yield from file.iterfind("lines/line")


def main(arguments: list[str] | None = None) -> int:
    """Print each share. Return 1 where one is below its limit, 2 where a report is missing or incomplete."""
    parser = argparse.ArgumentParser(prog="tools.coverage_gate", description=__doc__.splitlines()[0])
    parser.add_argument("rig", type=Path, help="Cobertura file of the rig")
    parser.add_argument("firmware", type=Path, help="Cobertura file of the firmware")
    options = parser.parse_args(arguments)
    try:
        found = {
            "lines of the rig": lines(options.rig, "rig/"),
            "branches of the firmware's core": branches(options.firmware, "src/core/"),
            "branches of the firmware's runtime": branches(options.firmware, "src/runtime/"),
            "branches of the firmware's features": branches(options.firmware, "src/features/"),
        }
    except (OSError, ElementTree.ParseError) as error:
        print(f"coverage: {error}; `make unit hil coverage COVERAGE=yes` writes them", file=sys.stderr)
        return 2
    for what, counts in found.items():
        verdict = "" if counts.share >= LIMIT else f", less than {LIMIT:.0%}"
        print(f"{counts.share:6.1%} of {counts.total} {what}{verdict}")
    return int(any(counts.share < LIMIT for counts in found.values()))


if __name__ == "__main__":
    sys.exit(main())
