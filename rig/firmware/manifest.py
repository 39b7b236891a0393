"""The list of files to flash, in the form of ESP-IDF's `flasher_args.json`.

The host build and every ESP-IDF build write such a file, so the flasher accepts the files of both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig.firmware.partitions import TABLE_OFFSET, Partition, PartitionTable, from_binary
from rig.util.errors import BenchError
from rig.util.named_file import read_file

FILE_NAME = "flasher_args.json"
_LARGEST_FILE = 32 << 20
"""In bytes; no flash chip that esptool writes for these boards is larger, and a device such as /dev/zero has no end."""
_MOST_OFFSET = (1 << 32) - 1
_KEEP = {"flash_mode": "keep", "flash_freq": "keep", "flash_size": "keep"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of an image set.

    Attributes:
        files: the files to write, by flash offset in bytes.
        chip: esptool's name of the chip.
        flash_settings: `flash_mode`, `flash_freq` and `flash_size` for the boot loader's header.
    """

    files: Mapping[int, Path]
    chip: str = "esp32"
    flash_settings: Mapping[str, str] = field(default_factory=lambda: dict(_KEEP))

    def contents(self) -> list[tuple[int, bytes]]:
        """Return the content of each file with its offset, in ascending order.

        Raises:
            BenchError: a file cannot be read.
        """
        try:
            return [(offset, read_file(path, _LARGEST_FILE)) for offset, path in sorted(self.files.items())]
        except (OSError, ValueError) as problem:
            raise BenchError(f"cannot read a file to flash: {problem}", "Build the firmware again") from None

    def sha256(self) -> str:
        """Return a digest of the content: equal for equal bytes at equal offsets."""
        digest = hashlib.sha256()
        for offset, content in self.contents():
            digest.update(offset.to_bytes(4, "little") + hashlib.sha256(content).digest())
        return digest.hexdigest()

    def partition_table(self) -> PartitionTable:
        """Return the partition table of the image set.

        Raises:
            BenchError: there is none at 0x8000, or it is invalid.
        """
        path = self.files.get(TABLE_OFFSET)
        if path is None:
            raise BenchError(f"the firmware has no partition table at {TABLE_OFFSET:#x}", "Build it as a whole project")
        try:
            return from_binary(read_file(path, _LARGEST_FILE))
        except (OSError, ValueError) as problem:
            raise BenchError(f"{path}: {problem}", "Build the firmware again") from None

    def storage(self) -> Partition:
        """Return the partition of the device's file system.

        Raises:
            BenchError: there is none.
        """
        table = self.partition_table()
        for subtype in ("littlefs", "spiffs"):
            partition = table.find("data", subtype)
            if partition is not None:
                return partition
        raise BenchError("the partition table has no storage partition", "Add one: data, littlefs")

    def save(self, folder: Path) -> Path:
        """Write `flasher_args.json` into a folder, with relative paths. Return its path."""
        path = folder / FILE_NAME
        record = {
            "flash_settings": dict(self.flash_settings),
            "flash_files": {f"{offset:#x}": _relative(file, folder) for offset, file in sorted(self.files.items())},
            "extra_esptool_args": {"chip": self.chip, "before": "no-reset", "after": "no-reset", "stub": True},
        }
        path.write_text(json.dumps(record, indent=2) + "\n")
        return path


def load_manifest(folder: Path) -> Manifest:
    """Load the manifest of a build folder.

    Raises:
        BenchError: there is none, or it is incomplete.
    """
    path = folder / FILE_NAME
    try:
        return _manifest(json.loads(read_file(path, _LARGEST_FILE)), folder)
    except FileNotFoundError:
        raise BenchError(f"{folder} holds no {FILE_NAME}", "Name the build folder of an ESP-IDF project") from None
    except OSError as problem:
        raise BenchError(f"{path} cannot be read: {problem}", "Build the firmware again") from None
    except RecursionError:
        raise BenchError(f"{path} is no flasher manifest: nested too deep", "Build the firmware again") from None
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BenchError(f"{path} is no flasher manifest: {problem!r}", "Build the firmware again") from None


def _manifest(record: dict[str, Any], folder: Path) -> Manifest:
    files = {int(offset, 0): folder / name for offset, name in record["flash_files"].items()}
    if not files:
        raise ValueError("flash_files names no file")
    if wrong := [offset for offset in files if not 0 <= offset <= _MOST_OFFSET]:
        raise ValueError(f"{wrong[0]:#x} is no offset in flash")
    chip = record.get("extra_esptool_args", {}).get("chip", "esp32")
    settings = _KEEP | record.get("flash_settings", {})
    if not all(isinstance(text, str) for text in (chip, *settings.values())):
        raise ValueError("chip and flash_settings are texts")
    return Manifest(files, chip, settings)


def _relative(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)
