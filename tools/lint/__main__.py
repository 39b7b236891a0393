"""Run all checks. `python -m tools.lint [WORD ...]` runs those whose names contain one of the words."""

from __future__ import annotations

import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import reflow
from tools.lint import (
    circles,
    commands,
    commits,
    documents,
    freestanding,
    host_headers,
    imports,
    includes,
    jenkinsfile,
    pins,
    watchdog,
    wording,
    words,
)
from tools.lint.check import Check, Result, SkippedError

ROOT = Path(__file__).resolve().parents[2]

CHECKS = [
    Check("Python is clean (ruff check)", commands.ruff_check),
    Check("Python is formatted (ruff format)", commands.ruff_format),
    Check("Python is typed (mypy --strict)", commands.mypy),
    Check("C++ is formatted (clang-format)", commands.clang_format),
    Check("C++ is clean (cppcheck)", commands.cppcheck),
    Check("the firmware includes no host header outside its ports", host_headers.run),
    Check("the firmware compiles freestanding for a 32-bit target, and has not grown", freestanding.run),
    Check("boards, bench descriptions and design page name the same pins", pins.run),
    Check("host build and chip have one watchdog figure", watchdog.run),
    Check("imports run one way", imports.run),
    Check("includes of the firmware run one way", includes.run),
    Check("there are no circular imports", circles.run),
    Check("nothing unfinished, nothing of one machine", wording.run),
    Check("pages are wrapped at 120 columns (make format)", reflow.run),
    Check("pages avoid the words that the style page replaces", words.pages),
    Check("the sources use `tell` no more often than before", words.tell),
    Check("subjects of commits name an area and have 72 characters", commits.run),
    Check("generated pages match their sources (make docs)", documents.generated),
    Check("links between pages are valid", documents.links),
    Check("sources name existing pages and headings", documents.mentions),
    Check("the PlatformIO project is valid", commands.platformio),
    Check("the Jenkinsfile is valid and calls existing targets", jenkinsfile.run),
]


def main(words: list[str]) -> int:
    """Run the checks in parallel, and print a line for each, its findings and the totals.

    Returns:
        The exit code: 1 with findings, 2 if no check matches the words or none of the matching ones could run.
    """
    chosen = [check for check in CHECKS if not words or any(word.lower() in check.name.lower() for word in words)]
    if not chosen:
        print(f"lint: no check is named after {' or '.join(words)}; there are:", file=sys.stderr)
        print("\n".join(f"  {check.name}" for check in CHECKS), file=sys.stderr)
        return 2
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for check, (verdict, result, seconds) in zip(chosen, pool.map(_run, chosen), strict=True):
            note = f" ({result.note})" if result.note else ""
            print(f"{verdict:<5} {seconds:5.1f} s  {check.name}{note}", flush=True)
            for finding in result.findings:
                print(f"        {finding}")
            counts[verdict] += 1
    print(f"lint: {counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    if counts["FAIL"]:
        return 1
    return 0 if counts["ok"] else 2


def _run(check: Check) -> tuple[str, Result, float]:
    began = time.monotonic()
    try:
        result = check.run(ROOT)
        verdict = "FAIL" if result.findings else "ok"
    except SkippedError as reason:
        verdict, result = "skip", Result(note=str(reason))
    return verdict, result, time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
