"""Insert bugs into the device one at a time and check that the HIL suite finds each: `python -m tools.mutants [NAME…]`.

The bugs are in `tests/mutants.toml`. With `--octt` they are in `tests/octt_bugs.toml`: each bug must turn its case of
the compliance set red. With `--powercut` they are in `tests/powercut_bugs.toml`, and the power-cut runner has to find
them: each bug must break a rule in a scenario in which the correct device breaks no rule.

Each bug is inserted into a copy of the firmware; tests, rig and everything else come from this tree. A bug is *found*
when a device test fails, and has *survived* when none does. A bench error, or a copy that does not build, makes the
verdict *unclear*. The correct device runs first: the suite must pass on it, because otherwise a failure would prove
nothing.
"""

from __future__ import annotations

import itertools
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
OCTT_CATALOGUE = ROOT / "tests" / "octt_bugs.toml"
POWERCUT_CATALOGUE = ROOT / "tests" / "powercut_bugs.toml"
# Linked into the copy unchanged.
_SHARED = (
    "rig",
    "fixtures",
    "pytest_plugbench.py",
    "tests",
    "scenarios",
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

# Second cuts in each scenario, for a bug that no first cut finds.
_SECOND_CUTS = 300

Verdict = Literal["found", "survived", "unclear"]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: in `file`, `old` becomes `new`. `old` occurs exactly once.

    `first` is the HIL test file, or the scenario of the power cuts, that is likely to find it; the whole suite runs
    only if that test file or scenario does not find it. For a bug of the compliance set, `first` is the case that must
    find the bug.
    """

    name: str
    file: str
    old: str
    new: str
    first: str = ""

    def apply(self, text: str) -> str:
        """Return the file's text with the bug in it.

        Raises:
            ValueError: `old` does not occur exactly once; the catalogue is out of date.
        """
        if text.count(self.old) != 1:
            found = text.count(self.old)
            raise ValueError(f"{self.name}: `old` must occur once in {self.file}, but occurs {found} times: update it")
        return text.replace(self.old, self.new)


# Looks for a mutant in a tree that contains it.
Finder = Callable[[Path, Mutant], tuple[Verdict, str]]
# Number of runs that broke a rule, by scenario and rule.
Broken = dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on a mutant, with the test that found it or the reason why the verdict is unclear."""

    name: str
    verdict: Verdict
    by: str
    seconds: float


def catalogue(path: Path = CATALOGUE) -> list[Mutant]:
    """Return the mutants in the order of the file."""
    return [Mutant(**entry) for entry in tomllib.loads(path.read_text())["mutant"]]


def copy_tree(folder: Path) -> Path:
    """Create a copy of this tree at `folder` whose firmware may be modified; an existing build is kept."""
    shutil.rmtree(folder / "firmware", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    # New modification times: the last mutant may have been built after this tree was written.
    shutil.copytree(
        ROOT / "firmware", folder / "firmware", ignore=shutil.ignore_patterns(".pio"), copy_function=shutil.copyfile
    )
    for name in _SHARED:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(ROOT / name)
    return folder


def try_out(mutant: Mutant, tree: Path, find: Finder) -> Result:
    """Insert a mutant into the tree, run `find`, and restore the file."""
    began = monotonic()
    file = tree / mutant.file
    sound = file.read_text()
    file.write_text(mutant.apply(sound))
    try:
        verdict, by = find(tree, mutant)
    finally:
        file.write_text(sound)
    return Result(mutant.name, verdict, by, round(monotonic() - began, 1))


def _find_by_tests(tree: Path, mutant: Mutant) -> tuple[Verdict, str]:
    verdict, by = _run(tree, f"tests/hil/{mutant.first}")
    return _run(tree, "tests/hil") if verdict == "survived" else (verdict, by)


def _find_by_case(tree: Path, mutant: Mutant) -> tuple[Verdict, str]:
    return _run(tree, case_file(mutant))


def case_file(mutant: Mutant) -> str:
    """Return the file of the compliance case that must find a bug."""
    return f"scenarios/octt-1.6/{mutant.first}.yaml"


def find_by_cuts(sound: Broken) -> Finder:
    """Return a finder of rules that the mutant breaks and the correct device does not."""
    # If the correct device breaks no rule, any break is a finding, so a few are enough.
    limit = () if sound else ("--limit", "10")

    def find(tree: Path, mutant: Mutant) -> tuple[Verdict, str]:
        scopes = [_scenario(mutant), ()] if mutant.first else [()]
        try:
            _build_cuts(tree)
            for scope, second_cuts in itertools.product(scopes, (0, _SECOND_CUTS)):
                broken = _cut(tree, second_cuts, *limit, *scope)
                new = {what: runs for what, runs in broken.items() if what not in sound}
                if new:
                    (scenario, rule), _runs = max(new.items(), key=lambda item: item[1])
                    return "found", f"{sum(new.values())} findings, most of them {scenario}: {rule}"
        except powercut.PowercutError as error:
            # The device crashed.
            return "found", str(error)[:200]
        except BuildError as error:
            return "unclear", str(error)
        return "survived", ""

    return find


def _scenario(mutant: Mutant) -> tuple[str, ...]:
    return ("--scenario", mutant.first)


class BuildError(Exception):
    """A copy of the firmware does not build. The text is the end of the compiler's output."""


def _build_cuts(tree: Path) -> None:
    cmake = str(ROOT / ".venv/bin/cmake")
    configure = [cmake, "-S", str(tree / "firmware/host"), "-B", str(tree / "build"), "-G", "Ninja"]
    configure += [f"-DCMAKE_MAKE_PROGRAM={ROOT / '.venv/bin/ninja'}", f"-DPLUGBENCH_DEPS={ROOT / '.deps'}"]
    # The rules have to find the bugs. Without the sanitizers the cuts take a quarter of the time.
    configure += ["-DPLUGBENCH_SANITIZE=OFF"]
    for command in (configure, [cmake, "--build", str(tree / "build"), "--target", "powercut"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise BuildError((done.stdout + done.stderr).strip()[-300:])


def _cut(tree: Path, second_cuts: int, *limit: str) -> Broken:
    rows = powercut.explore(tree / "build" / "powercut", _WORKERS, ["--nested", str(second_cuts), *limit])
    return {(row.scenario, rule): runs for row in rows for rule, runs in row.rules.items()}


def _run(tree: Path, *tests: str) -> tuple[Verdict, str]:
    """Run the tests on a copy, and once more after an error of the bench."""
    verdict, by = _run_once(tree, *tests)
    return _run_once(tree, *tests) if verdict == "unclear" else (verdict, by)


def _run_once(tree: Path, *tests: str) -> tuple[Verdict, str]:
    junit = tree / "junit.xml"
    junit.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", *tests, "-q", "-x", "-n", str(_WORKERS)]
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
    """Try the named mutants, or all. Return 0 when all are found and the correct device passes."""
    by_cuts, by_cases = arguments[:1] == ["--powercut"], arguments[:1] == ["--octt"]
    names = arguments[1:] if by_cuts or by_cases else arguments
    path = POWERCUT_CATALOGUE if by_cuts else OCTT_CATALOGUE if by_cases else CATALOGUE
    known = catalogue(path)
    unknown = sorted(set(names) - {mutant.name for mutant in known})
    if unknown:
        print(f"mutants: unknown in {path.relative_to(ROOT)}: {', '.join(unknown)}", file=sys.stderr)
        return 2
    tree = copy_tree(ROOT / "build" / ("powercut-bugs" if by_cuts else "mutants"))
    is_sound = True
    chosen = [mutant for mutant in known if not names or mutant.name in names]
    if by_cuts:
        _build_cuts(tree)
        # If bugs are named, only their scenarios are run.
        scopes = {_scenario(mutant) if names and mutant.first else () for mutant in chosen}
        broken = {what: runs for scope in sorted(scopes) for what, runs in _cut(tree, _SECOND_CUTS, *scope).items()}
        find = find_by_cuts(broken)
        is_sound = not broken
        if broken:
            words = ", ".join(f"{scenario}: {rule} ({runs} runs)" for (scenario, rule), runs in broken.items())
            print(f"mutants: the device without a mutant breaks rules: {words}", file=sys.stderr)
    else:
        find = _find_by_case if by_cases else _find_by_tests
        verdict, by = _run(tree, *(map(case_file, chosen) if by_cases else ("tests/hil",)))
        if verdict != "survived":
            print(f"mutants: the suite fails on the device without a mutant: {by}", file=sys.stderr)
            return 1
    results = []
    for mutant in chosen:
        result = try_out(mutant, tree, find)
        results.append(result)
        print(f"{result.verdict:<9} {result.name:<48} {result.seconds:6.1f} s  {result.by}", flush=True)
    not_found = [result for result in results if result.verdict != "found"]
    report = ROOT / "reports" / f"{path.stem.replace('_', '-')}.json"
    report.parent.mkdir(exist_ok=True)
    counts = {"run": len(results), "failed": len(not_found)}
    report.write_text(json.dumps(counts | {"mutants": [asdict(result) for result in results]}, indent=1) + "\n")
    print(f"mutants: {len(results) - len(not_found)} passed, {len(not_found)} failed")
    return 1 if not_found or not is_sound else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
