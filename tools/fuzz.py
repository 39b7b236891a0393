"""Run the firmware's fuzzers with libFuzzer, and report executions and findings.

`python -m tools.fuzz --seconds 15` builds the harnesses of `firmware/fuzz` with clang, its sanitizers and libFuzzer,
and runs each for that time. Inputs that reach new branches are kept in `build/fuzz/corpus`. An input that breaks a rule
is a finding: it is kept in `build/fuzz/findings`, and the run fails. Without clang the run is skipped, with the reason;
the Unity tests replay `firmware/fuzz/corpus` with any compiler.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
HARNESSES = ROOT / "firmware" / "fuzz"
CORPUS = HARNESSES / "corpus"
BUILD = ROOT / "build" / "fuzz"
FINDINGS = BUILD / "findings"
GROWN = BUILD / "corpus"
LONGEST_INPUT = {"config": 2048, "console": 2048, "handshake": 4096, "ledger": 1024, "log_file": 4096}
"""In bytes, by harness. Every other harness has `_LONGEST_MESSAGE`."""
_LONGEST_MESSAGE = 10_000
"""In bytes: more than a message of the device may have (8,192)."""
HANG_S = 10
"""An input that takes longer is a finding. The usual one takes microseconds."""
MARGIN_S = 120
"""Time added to the given time, for the start, the corpus and the report of a finding."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one fuzzer.

    Attributes:
        name: the harness.
        executions: the number of inputs that it ran.
        inputs: the size of the corpus afterwards.
        output: the end of its output, if it failed; empty otherwise.
    """

    name: str
    executions: int
    inputs: int
    output: str = ""


def names() -> list[str]:
    """Return the names of the harnesses."""
    return sorted(path.stem for path in HARNESSES.glob("*.cpp") if path.stem != "replay")


def why_not() -> str:
    """Return why libFuzzer cannot be used on this machine; empty if it can."""
    clang = shutil.which("clang++")
    if clang is None:
        return "clang++ is not installed. As root: make install-extras"
    program = '#include <stdint.h>\nextern "C" int LLVMFuzzerTestOneInput(const uint8_t*, unsigned long) { return 0; }'
    BUILD.mkdir(parents=True, exist_ok=True)
    command = [clang, "-fsanitize=fuzzer,address", "-x", "c++", "-", "-o", str(BUILD / "probe")]
    probe = subprocess.run(command, input=program, text=True, capture_output=True, check=False)
    if probe.returncode == 0:
        return ""
    return f"{clang} cannot link libFuzzer. As root: make install-extras. Its message:\n{probe.stderr.strip()}"


def build(jobs: int) -> bool:
    """Build all harnesses. Returns whether that succeeded."""
    tools = ROOT / ".venv" / "bin"
    configure: list[str | Path] = [
        *(tools / "cmake", "-S", ROOT / "firmware" / "host", "-B", BUILD, "-G", "Ninja", "--log-level=WARNING"),
        *("-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++", f"-DCMAKE_MAKE_PROGRAM={tools / 'ninja'}"),
        *(f"-DPLUGBENCH_DEPS={ROOT / '.deps'}", "-DPLUGBENCH_SANITIZE=ON", "-DPLUGBENCH_FUZZ=ON"),
    ]
    targets = [f"fuzz_{name}" for name in names()]
    compile_all: list[str | Path] = [tools / "cmake", "--build", BUILD, "--parallel", str(jobs), "--target", *targets]
    steps = (configure, compile_all)
    return all(subprocess.run(step, check=False).returncode == 0 for step in steps)


def run(name: str, seconds: int, seed: int = 0) -> Outcome:
    """Run one fuzzer.

    Args:
        name: the harness.
        seconds: how long.
        seed: of its choices; 0 means another one each time.
    """
    grown = GROWN / name
    grown.mkdir(parents=True, exist_ok=True)
    FINDINGS.mkdir(parents=True, exist_ok=True)
    command = [
        *(
            str(BUILD / f"fuzz_{name}"),
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            f"-max_len={LONGEST_INPUT.get(name, _LONGEST_MESSAGE)}",
        ),
        *(f"-timeout={HANG_S}", f"-artifact_prefix={FINDINGS / name}-", "-print_final_stats=1", "-verbosity=0"),
        *(str(grown), str(CORPUS / name)),
    ]
    try:
        ended = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds + MARGIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(name, 0, 0, f"it did not end {MARGIN_S} s after its time")
    inputs = sum(1 for folder in (grown, CORPUS / name) for _ in folder.iterdir())
    return Outcome(name, executions(ended.stdout), inputs, ended.stdout if ended.returncode else "")


def executions(output: str) -> int:
    """Return the number of executions from the final statistics of libFuzzer; 0 if there are none."""
    found = re.search(r"^stat::number_of_executed_units:\s*(\d+)", output, re.MULTILINE)
    return int(found[1]) if found else 0


def keep_smallest(chosen: Sequence[str]) -> None:
    """Add to the corpora the kept inputs that reach new branches, the shortest input for each branch."""
    for name in chosen:
        command = [str(BUILD / f"fuzz_{name}"), "-merge=1", "-verbosity=0", str(CORPUS / name), str(GROWN / name)]
        subprocess.run(command, capture_output=True, check=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the fuzzers, print a line for each, and return 1 if one has a finding."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seconds", type=int, default=15, help="for each fuzzer (15)")
    parser.add_argument("--seed", type=int, default=0, help="of the choices; 0: another one each time (0)")
    parser.add_argument("--jobs", type=int, default=1, help="fuzzers at a time (1)")
    parser.add_argument("--only", action="append", choices=names(), help="this fuzzer only; may be repeated")
    parser.add_argument("--merge", action="store_true", help="add new inputs to firmware/fuzz/corpus")
    given = parser.parse_args(arguments)
    chosen = given.only or names()
    if reason := why_not():
        print(f"fuzz: skipped: {reason}")
        return 0
    if not build(given.jobs):
        print("fuzz: the harnesses do not build", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(given.jobs) as pool:
        outcomes = list(pool.map(lambda name: run(name, given.seconds, given.seed), chosen))
    for outcome in outcomes:
        verdict = "a finding" if outcome.output else "no finding"
        print(f"{outcome.name:12} {outcome.executions:>10,} executions, {outcome.inputs:>5} inputs, {verdict}")
    failed = [outcome for outcome in outcomes if outcome.output]
    for outcome in failed:
        print(f"\n{outcome.name}: {outcome.output[-4000:]}", file=sys.stderr)
        print(f"run it again: {BUILD / f'fuzz_{outcome.name}'} {FINDINGS / outcome.name}-…", file=sys.stderr)
    if given.merge and not failed:
        keep_smallest(chosen)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
