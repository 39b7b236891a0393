"""Core, runtime and features compile for a 32-bit chip without an operating system, as the target will compile them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.lint.check import Result, SkippedError, tracked_files

COMPILER = "arm-none-eabi-g++"
FLAGS = [
    *("-std=c++17", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-mcpu=cortex-m3", "-mthumb", "-Os"),
    *("-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fdata-sections"),
]

# Their code is what is measured; a header that no source includes still has to compile.
_SOURCES = ("firmware/src/core", "firmware/src/runtime", "firmware/src/features")


def run(root: Path) -> Result:
    """Compile every source and header of core, runtime and features; the note gives the size of it all, unlinked."""
    if shutil.which(COMPILER) is None:
        raise SkippedError(f"{COMPILER} is not installed; `make install-extras` as root installs it")
    if not (root / ".deps" / "littlefs" / "lfs.h").exists():
        raise SkippedError(".deps/littlefs is missing; run `make setup`")
    files = [path for path in tracked_files(root, *_SOURCES) if path.suffix in {".h", ".cpp"}]
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(path, Path(scratch) / f"{number}.o") for number, path in enumerate(files)]
        findings = [text for text in pool.map(lambda job: _compile(root, *job), jobs) if text]
        objects = [target for path, target in jobs if path.suffix == ".cpp" and target.exists()]
        note = _size(objects)
    return Result(findings, note)


def _compile(root: Path, path: Path, target: Path) -> str:
    include = [f"-I{root / 'firmware' / 'src'}", f"-isystem{root / '.deps' / 'littlefs'}"]
    # A header is compiled from a line that includes it: it has to stand alone.
    what, text = ([str(path)], "") if path.suffix == ".cpp" else (["-x", "c++", "-"], f'#include "{path}"\n')
    command = [COMPILER, *FLAGS, '-DPLUGBENCH_VERSION="0"', *include, "-c", *what, "-o", str(target)]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.replace(f"{root}/", "").strip()


def _size(objects: list[Path]) -> str:
    if not objects:
        return ""
    output = subprocess.run(
        ["arm-none-eabi-size", "--totals", *objects], capture_output=True, text=True, check=True
    ).stdout
    text, data, bss = output.splitlines()[-1].split()[:3]
    of_what = "core, runtime and features, unlinked, -Os for Cortex-M3"
    return f"{of_what}: {text} bytes of code and constants, {data} data, {bss} bss"
