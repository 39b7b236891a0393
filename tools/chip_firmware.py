"""Builds the firmware for a chip: `python -m tools.chip_firmware TARGET` leaves it in build/TARGET for the flasher.

It uses ESP-IDF's `idf.py` if that is on PATH, else PlatformIO's `pio`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig.firmware.manifest import FILE_NAME, Manifest
from rig.firmware.partitions import TABLE_OFFSET

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "firmware"


@dataclass(frozen=True, slots=True)
class Target:
    """A build of the firmware for a chip.

    Attributes:
        chip: ESP-IDF's name of the chip.
        bootloader: the offset at which its ROM expects the boot loader.
        defaults: the files of `firmware/` with its options.
    """

    chip: str
    bootloader: int
    defaults: tuple[str, ...] = ("sdkconfig.defaults",)


TARGETS: Mapping[str, Target] = {
    "esp32": Target("esp32", 0x1000),
    "esp32c3": Target("esp32c3", 0x0),
    "esp32c3-emulator": Target("esp32c3", 0x0, ("sdkconfig.defaults", "sdkconfig.emulator")),
}
"""By the names of PlatformIO's environments."""

_APP_OFFSET = 0x10000  # ota_0 in firmware/partitions.csv


def idf_command(program: str, name: str, folder: Path) -> list[str]:
    """Return the command that builds a target with ESP-IDF.

    Args:
        program: `idf.py`.
        name: a key of TARGETS.
        folder: the folder of the build.
    """
    target = TARGETS[name]
    # The options that ESP-IDF fills in are kept with the build, so that targets do not share them.
    options = {
        "IDF_TARGET": target.chip,
        "SDKCONFIG": str(folder / "sdkconfig"),
        "SDKCONFIG_DEFAULTS": ";".join(target.defaults),
    }
    defined = [f"-D{key}={value}" for key, value in options.items()]
    return [program, "-C", str(PROJECT), "-B", str(folder), *defined, "build"]


def collect_pio(built: Path, name: str, folder: Path) -> Path:
    """Copy the files that PlatformIO has built to the folder that the flasher reads, with a manifest.

    Args:
        built: PlatformIO's folder of the environment.
        name: a key of TARGETS.
        folder: the folder that the flasher reads.

    Returns:
        The manifest.

    Raises:
        FileNotFoundError: PlatformIO has not built all of these files.
    """
    target = TARGETS[name]
    folder.mkdir(parents=True, exist_ok=True)
    files = {target.bootloader: "bootloader.bin", TABLE_OFFSET: "partitions.bin", _APP_OFFSET: "firmware.bin"}
    for file in (*files.values(), "firmware.elf"):
        shutil.copyfile(built / file, folder / file)
    return Manifest({offset: folder / file for offset, file in files.items()}, chip=target.chip).save(folder)


def main(arguments: list[str]) -> int:
    """Build a target.

    Returns:
        The exit code.
    """
    if len(arguments) != 1 or arguments[0] not in TARGETS:
        print(f"firmware: TARGET={' '.join(arguments)} is none of: {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    name = arguments[0]
    folder = ROOT / "build" / name
    if idf := shutil.which("idf.py"):
        status = subprocess.run(idf_command(idf, name, folder)).returncode
    elif pio := shutil.which("pio"):
        status = subprocess.run([pio, "run", "--project-dir", str(PROJECT), "--environment", name]).returncode
        if status == 0:
            collect_pio(ROOT / "build" / "platformio" / "build" / name, name, folder)
    else:
        print(
            "firmware: neither idf.py nor pio is on PATH.\n"
            "Install ESP-IDF 5.1 to 5.5 and source its export.sh, or install PlatformIO; docs/first-board.md says how",
            file=sys.stderr,
        )
        return 2
    if status == 0:
        print(f"firmware: {folder.relative_to(ROOT) / FILE_NAME}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
