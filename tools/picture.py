"""Write the timeline of one test of the newest run as SVG: `python -m tools.picture NAME FILE.svg`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from rig.report import timeline_svg
from rig.runs.load import ReportError, read_run

RUNS = Path("reports/runs")


def main(name: str, out: str) -> int:
    """Draw the timeline and print its width and height in pixels.

    Args:
        name: the test's name.
        out: the SVG file to write.

    Returns:
        0, or 1 where no run has a test of that name that passed.
        0, or 1 where no run has such a test that passed.
    """
    for folder in sorted(RUNS.glob("*"), reverse=True):
        try:
            tests = read_run(folder).tests
        except ReportError:
            continue
        for test in tests:
            if test.name == name and test.outcome == "passed":
                picture = timeline_svg.render(test)
                Path(out).write_text(picture, encoding="utf-8")
                size = re.search(r'width="(\d+)" height="(\d+)"', picture)
                assert size is not None
                print(*size.groups())
                return 0
    print(f"no run below {RUNS} has a test {name} that passed: run make demo first", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
