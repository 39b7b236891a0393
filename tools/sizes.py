"""Print the sizes of the firmware on a 32-bit chip beside the figures of firmware/sizes.json: `make sizes`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tools.lint import freestanding, sizes
from tools.lint.check import SkippedError

_ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Measure, print a table, and compare or write.

    Returns:
        0 if no size has grown beyond its limit, or new figures were written; else 1.
    """
    parser = argparse.ArgumentParser(prog="make sizes", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write the figures to {sizes.FILE}")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        try:
            findings, measured = freestanding.measure(_ROOT, Path(scratch))
        except SkippedError as reason:
            print(f"sizes: {reason}", file=sys.stderr)
            return 1
    if not findings:
        _print(measured, sizes.read(_ROOT) or sizes.Sizes())
        if arguments.write:
            sizes.write(_ROOT, measured)
            return 0
        findings = sizes.compare(measured, sizes.read(_ROOT))
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


def _print(measured: sizes.Sizes, agreed: sizes.Sizes) -> None:
    print(f"{'bytes':<46}{'now':>10}{'agreed':>10}")
    for kind in ("flash", "ram", "stack", "frames"):
        before = getattr(agreed, kind)
        for name, now in sorted(getattr(measured, kind).items(), key=lambda item: -item[1]):
            print(f"{kind:<8}{name:<38}{now:>10}{before.get(name, 0):>10}")
    print(sizes.note(measured))


if __name__ == "__main__":
    sys.exit(main())
