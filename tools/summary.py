"""Sum up JUnit files, one line each: `python -m tools.summary reports/junit/*.xml`."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

# One test of CTest is a whole Unity program, which prints this line near its end.
_UNITY = re.compile(r"^(\d+) Tests (\d+) Failures (\d+) Ignored", re.M)


@dataclass(frozen=True, slots=True)
class Tally:
    """The results of one file."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    not_measurable: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        parts = [f"{self.passed} passed", f"{self.failed} failed"]
        if self.errors:
            parts.append(f"{self.errors} errors")
        if self.skipped:
            parts.append(f"{self.skipped} skipped")
        if self.not_measurable:
            parts.append(f"{self.not_measurable} not measurable")
        return f"{', '.join(parts)} in {self.seconds:.1f} s"


def tally(path: Path) -> Tally:
    """Count one JUnit file.

    Args:
        path: a file of pytest or CTest. A test of CTest counts as the tests of the Unity program that it ran.

    Raises:
        OSError: the file cannot be read.
        ElementTree.ParseError: the file is incomplete.
    """
    passed = failed = errors = skipped = not_measurable = 0
    seconds = 0.0
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        seconds += float(case.get("time") or 0)
        unity = _UNITY.findall(case.findtext("system-out") or "")
        if unity:
            ran, broke, ignored = (sum(int(counts[column]) for counts in unity) for column in range(3))
            # A program that crashed after its last test has failed, even if all tests passed.
            crashed = int(case.find("failure") is not None and broke == 0)
            passed, failed, skipped = passed + ran - broke - ignored, failed + broke + crashed, skipped + ignored
        elif case.find("failure") is not None:
            failed += 1
        elif case.find("error") is not None:
            errors += 1
        elif (reason := case.find("skipped")) is not None:
            busy = (reason.get("message") or "").startswith("not measurable:")
            not_measurable, skipped = not_measurable + busy, skipped + (not busy)
        else:
            passed += 1
    return Tally(passed, failed, errors, skipped, not_measurable, seconds)


def main(paths: list[str]) -> int:
    """Print a line for each file and a total. Return 1 if a test failed, or a file is missing or empty, else 0."""
    rows: list[tuple[str, str]] = []
    good, total = True, Tally()
    for path in map(Path, paths):
        try:
            one = tally(path)
        except (OSError, ElementTree.ParseError) as error:
            reason = error.strerror if isinstance(error, OSError) else "incomplete"
            rows.append((path.stem, f"no result: {path}: {reason}"))
            good = False
            continue
        rows.append((path.stem, str(one)))
        good &= one.failed == one.errors == 0 and one.passed + one.not_measurable > 0
        total = Tally(
            *(
                getattr(total, name) + getattr(one, name)
                for name in ("passed", "failed", "errors", "skipped", "not_measurable", "seconds")
            )
        )
    rows.append(("total", str(total)))
    width = max(len(name) for name, _text in rows)
    print("\n".join(f"{name:<{width}}  {text}" for name, text in rows))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
