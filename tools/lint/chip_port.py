"""The ESP32's port and entry point compile for a 32-bit chip, against our own stubs of ESP-IDF's headers."""

from __future__ import annotations

import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.lint.check import Result, SkippedError, tracked_files
from tools.lint.freestanding import COMPILER, compile_file

STUBS = Path("firmware/test/esp_idf")
_SOURCES = ("firmware/src/port/esp32", "firmware/src/main/esp32")

# What the parts of a build are that the options of a chip choose between.
_CHIPS = {
    "an ESP32 with Wi-Fi": (),
    "an ESP32-C3 with Ethernet": (
        "-DCONFIG_ETH_USE_OPENETH=1",
        "-DSOC_PCNT_SUPPORTED=0",
        "-DPLUGBENCH_BOARD_ESP32C3_DEVKITM",
    ),
}


def run(root: Path) -> Result:
    """Compile every source and header of the port, its tests aside, for each chip."""
    if shutil.which(COMPILER) is None:
        raise SkippedError(f"{COMPILER} is not installed; `make install-extras` as root installs it")
    if not (root / ".deps" / "littlefs" / "lfs.h").exists():
        raise SkippedError(".deps/littlefs is missing; run `make setup`")
    files = [path for path in tracked_files(root, *_SOURCES) if path.suffix in {".h", ".cpp"}]
    jobs = [(chip, path) for chip in _CHIPS for path in files if path.parent.name != "test"]
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:

        def compile_one(number: int) -> str:
            chip, path = jobs[number]
            flags = (f"-I{root / STUBS}", *_CHIPS[chip])
            found = compile_file(root, path, Path(scratch) / f"{number}.o", flags)
            return f"{found}\n(for {chip}, with the stubs of {STUBS})" if found else ""

        findings = [text for text in pool.map(compile_one, range(len(jobs))) if text]
    return Result(findings, f"{len(files)} files, {len(_CHIPS)} chips")
