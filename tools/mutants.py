"""Plant bugs in the device, one at a time, and see that the HIL suite finds each: `python -m tools.mutants [NAME…]`.

The bugs are in `tests/mutants.toml`; with `--powercut` those of `tests/powercut_bugs.toml`, which the power-cut runner
has to find: by a rule in a scenario that the sound device does not break.

Each is planted in a copy of the firmware; the tests, the rig and everything else are those of this tree. A bug is
*found* when a test of the device fails. One that no test finds has *survived*; a broken bench says nothing about a bug,
and neither does a copy that does not build. The sound device goes first: the suite must pass on it, or a failure would
prove nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Literal

from tools import powercut

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "tests" / "mutants.toml"
POWERCUT_CATALOGUE = ROOT / "tests" / "powercut_bugs.toml"
# What the copy takes from this tree as it is.
_SHARED = (
    "rig",
    "fixtures",
    "pytest_plugbench.py",
    "tests",
    "benches",
    "tools",
    "docs",
    "README.md",
    "conftest.py",
    "pytest.ini",
    "pyproject.toml",
    ".venv",
    ".deps",
)
_WORKERS = os.cpu_count() or 1

# Second cuts of each scenario, for a bug that no first cut finds.
_SECOND_CUTS = 300

Verdict = Literal["found", "survived", "unclear"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: in `file`, `old` becomes `new`. `old` stands there exactly once.

    `first` is the file of HIL tests that is likely to find it; the whole suite is run only where that does not.
    """

    name: str
    file: str
    old: str
    new: str
    first: str = ""

    def plant(self, text: str) -> str:
        """The file's text with the bug in it.

        Raises:
            ValueError: `old` does not stand there exactly once: the catalogue is out of date.
        """
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} holds {text.count(self.old)} times what is to be replaced")
        return text.replace(self.old, self.new)


# Looks for a mutant in the tree that it is planted in.
Finder = Callable[[Path, Mutant], tuple[Verdict, str]]
# Runs that broke a rule, by scenario and rule.
Broken = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant: which test found it, or why nothing can be said."""

    name: str
    verdict: Verdict
    by: str
    seconds: float


def catalogue(path: Path = CATALOGUE) -> list[Mutant]:
    """The mutants, in the order of the file."""
    return [Mutant(**entry) for entry in tomllib.loads(path.read_text())["mutant"]]


def nursery(folder: Path) -> Path:
    """A tree like this one at `folder`, whose firmware may be broken at will; its build outlives the mutants."""
    shutil.rmtree(folder / "firmware", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    # With times of their own: the last mutant may have been built later than this tree was written.
    shutil.copytree(
        ROOT / "firmware", folder / "firmware", ignore=shutil.ignore_patterns(".pio"), copy_function=shutil.copyfile
    )
    for name in _SHARED:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(ROOT / name)
    return folder


def try_out(mutant: Mutant, tree: Path, find: Finder) -> Result:
    """Plant a mutant in the tree, let `find` look for it, and take the mutant out again."""
    began = monotonic()
    file = tree / mutant.file
    sound = file.read_text()
    file.write_text(mutant.plant(sound))
    try:
        verdict, by = find(tree, mutant)
    finally:
        file.write_text(sound)
    return Result(mutant.name, verdict, by, round(monotonic() - began, 1))


def _find_by_tests(tree: Path, mutant: Mutant) -> tuple[Verdict, str]:
    verdict, by = _run(tree, mutant.first)
    return _run(tree) if verdict == "survived" else (verdict, by)


def find_by_cuts(sound: Broken) -> Finder:
    """Look for rules in scenarios that the sound device does not break."""
    # A few runs that fail are enough, where any that fails is news.
    limit = () if sound else ("--limit", "10")

    def find(tree: Path, _mutant: Mutant) -> tuple[Verdict, str]:
        try:
            _build_cuts(tree)
            for second_cuts in (0, _SECOND_CUTS):
                broken = _cut(tree, second_cuts, *limit)
                new = {what: runs for what, runs in broken.items() if what not in sound}
                if new:
                    (scenario, rule), _runs = max(new.items(), key=lambda item: item[1])
                    return "found", f"{sum(new.values())} findings, most of them {scenario}: {rule}"
        except powercut.PowercutError as error:
            # The sanitizers found it.
            return "found", str(error)[:200]
        except BuildError as error:
            return "unclear", str(error)
        return "survived", ""

    return find


class BuildError(Exception):
    """A copy of the firmware does not build; the text is the end of the compiler's output."""


def _build_cuts(tree: Path) -> None:
    cmake = str(ROOT / ".venv/bin/cmake")
    configure = [cmake, "-S", str(tree / "firmware/host"), "-B", str(tree / "build"), "-G", "Ninja"]
    configure += [f"-DCMAKE_MAKE_PROGRAM={ROOT / '.venv/bin/ninja'}", f"-DPLUGBENCH_DEPS={ROOT / '.deps'}"]
    for command in (configure, [cmake, "--build", str(tree / "build"), "--target", "powercut"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise BuildError((done.stdout + done.stderr).strip()[-300:])


def _cut(tree: Path, second_cuts: int, *limit: str) -> Broken:
    rows = powercut.explore(tree / "build" / "powercut", _WORKERS, ["--nested", str(second_cuts), *limit])
    return {(row.scenario, rule): runs for row in rows for rule, runs in row.rules.items()}


def _run(tree: Path, tests: str = "") -> tuple[Verdict, str]:
    junit = tree / "junit.xml"
    junit.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", f"tests/hil/{tests}", "-q", "-x", "-n", str(_WORKERS)]
    command += [f"--junitxml={junit}", f"--basetemp={tree / 'tmp'}"]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if not junit.exists():
        return "unclear", f"pytest ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-300:]}"
    cases = list(ElementTree.parse(junit).getroot().iter("testcase"))
    for case in cases:
        if case.find("failure") is not None:
            return "found", f"{case.get('classname')}::{case.get('name')}"
    for case in cases:
        error = case.find("error")
        if error is not None:
            return "unclear", f"{case.get('name')}: {(error.get('message') or '')[:300]}"
    return ("survived", "") if cases else ("unclear", "no test ran")


def main(arguments: list[str]) -> int:
    """Try the mutants of these names, or all; returns 0 when each was found and the sound device passes."""
    by_cuts = arguments[:1] == ["--powercut"]
    names = arguments[1:] if by_cuts else arguments
    path = POWERCUT_CATALOGUE if by_cuts else CATALOGUE
    known = catalogue(path)
    unknown = sorted(set(names) - {mutant.name for mutant in known})
    if unknown:
        print(f"mutants: no {', '.join(unknown)} in {path.relative_to(ROOT)}", file=sys.stderr)
        return 2
    tree = nursery(ROOT / "build" / ("powercut-bugs" if by_cuts else "mutants"))
    is_sound = True
    if by_cuts:
        _build_cuts(tree)
        broken = _cut(tree, _SECOND_CUTS)
        find = find_by_cuts(broken)
        is_sound = not broken
        if broken:
            words = ", ".join(f"{scenario}: {rule} ({runs} runs)" for (scenario, rule), runs in broken.items())
            print(f"mutants: the sound device breaks rules: {words}", file=sys.stderr)
    else:
        find = _find_by_tests
        verdict, by = _run(tree)
        if verdict != "survived":
            print(f"mutants: the suite does not pass on the sound device: {by}", file=sys.stderr)
            return 1
    results = []
    for mutant in known:
        if names and mutant.name not in names:
            continue
        result = try_out(mutant, tree, find)
        results.append(result)
        print(f"{result.verdict:<9} {result.name:<48} {result.seconds:6.1f} s  {result.by}", flush=True)
    not_found = [result for result in results if result.verdict != "found"]
    report = ROOT / "reports" / ("powercut-bugs.json" if by_cuts else "mutants.json")
    report.parent.mkdir(exist_ok=True)
    counts = {"run": len(results), "failed": len(not_found)}
    report.write_text(json.dumps(counts | {"mutants": [asdict(result) for result in results]}, indent=1) + "\n")
    print(f"mutants: {len(results) - len(not_found)} passed, {len(not_found)} failed")
    return 1 if not_found or not is_sound else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
