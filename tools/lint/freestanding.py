"""Core, runtime, features, app and the ESP32's port compile for a 32-bit chip, and stay small there.

The port is compiled against our own stubs of ESP-IDF's headers, once with Wi-Fi and a pulse counter, and once without
both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.lint import sizes
from tools.lint.check import Result, SkippedError, tracked_files

COMPILER = "arm-none-eabi-g++"
FLAGS = [
    *("-std=c++17", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-mcpu=cortex-m3", "-mthumb", "-Os"),
    *("-Wall", "-Wextra", "-Werror", "-ffunction-sections", "-fdata-sections", "-fcallgraph-info=su"),
]

# Only sources are measured, but a header that no source includes must compile too.
_SOURCES = ("firmware/src/core", "firmware/src/runtime", "firmware/src/features", "firmware/src/app")
_PORT = (
    "firmware/src/port/esp32",
    "firmware/src/port/mbedtls",
    "firmware/src/port/station",
    "firmware/src/main/esp32",
)
_STUBS = "firmware/test/esp_idf"
_CHIPS = (
    ("an ESP32 with Wi-Fi", ()),
    (
        "an ESP32-C3 with Ethernet",
        ("-DCONFIG_ETH_USE_OPENETH=1", "-DSOC_PCNT_SUPPORTED=0", "-DPLUGBENCH_BOARD_ESP32C3_DEVKITM"),
    ),
)


def run(root: Path) -> Result:
    """Compile every source and header for a 32-bit chip, and compare sizes with firmware/sizes.json."""
    with tempfile.TemporaryDirectory() as scratch:
        findings, measured = measure(root, Path(scratch))
    if findings:
        return Result(findings)
    return Result(sizes.compare(measured, sizes.read(root)), sizes.note(measured))


def measure(root: Path, scratch: Path) -> tuple[list[str], sizes.Sizes]:
    """Compile for a 32-bit chip.

    Args:
        root: the repository's root.
        scratch: an empty folder for the output of the compiler.

    Returns:
        The errors of the compiler, and the sizes if there are none.

    Raises:
        SkippedError: the compiler or littlefs is missing.
    """
    if shutil.which(COMPILER) is None:
        raise SkippedError(f"{COMPILER} is not installed; `make install-extras` as root installs it")
    if not (root / ".deps" / "littlefs" / "lfs.h").exists():
        raise SkippedError(".deps/littlefs is missing; run `make setup`")
    if not (root / ".deps" / "mbedtls" / "VERSION").exists():
        raise SkippedError(".deps/mbedtls is missing; run `make setup`")
    files = [path for path in tracked_files(root, *_SOURCES) if path.suffix in {".h", ".cpp"}]
    probe = scratch / "probe.cpp"
    probe.write_text(sizes.probe_of(root), encoding="utf-8")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(path, scratch / f"{number}.o") for number, path in enumerate([*files, probe])]
        findings = [text for text in pool.map(lambda job: _compile(root, *job), jobs) if text]
        port = [
            path for path in tracked_files(root, *_PORT) if path.suffix in {".h", ".cpp"} and "test" not in path.parts
        ]
        port_jobs = [
            (path, scratch / f"{chip}-{number}.o", flags, chip)
            for chip, flags in _CHIPS
            for number, path in enumerate(port)
        ]
        findings += [text for text in pool.map(lambda job: _compile_port(root, *job), port_jobs) if text]
    if findings:
        return findings, sizes.Sizes()
    objects = {target: path.relative_to(root) for path, target in jobs if path.suffix == ".cpp" and path != probe}
    return [], sizes.of_objects(objects, jobs[-1][1])


def _compile_port(root: Path, path: Path, target: Path, flags: tuple[str, ...], chip: str) -> str:
    mbedtls = (
        f"-isystem{root / '.deps' / 'mbedtls' / 'include'}",
        f'-DMBEDTLS_CONFIG_FILE="{root / "firmware" / "host" / "mbedtls_config.h"}"',
    )
    found = _compile(root, path, target, (f"-I{root / _STUBS}", *mbedtls, *flags))
    return f"{found}\n(compiled for {chip}, with the stubs of {_STUBS})" if found else ""


def _compile(root: Path, path: Path, target: Path, more: tuple[str, ...] = ()) -> str:
    include = [f"-I{root / 'firmware' / 'src'}", f"-isystem{root / '.deps' / 'littlefs'}"]
    # A header is compiled from a single line that includes it, so it must not depend on other includes.
    what, text = ([str(path)], "") if path.suffix == ".cpp" else (["-x", "c++", "-"], f'#include "{path}"\n')
    command = [COMPILER, *FLAGS, '-DPLUGBENCH_VERSION="0"', *include, *more, "-c", *what, "-o", str(target)]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.replace(f"{root}/", "").strip()
