"""Unpack tests/stored_images for the power cut tests: `python unpack_stored_images.py FOLDER`."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

IMAGES = Path(__file__).parents[2] / "tests" / "stored_images"


def main(arguments: list[str]) -> int:
    """Write each image to the folder, as `1-header/idle.bin`."""
    if len(arguments) != 1:
        print("usage: python unpack_stored_images.py FOLDER", file=sys.stderr)
        return 2
    for packed in sorted(IMAGES.glob("*/*.bin.gz")):
        unpacked = Path(arguments[0], packed.parent.name, packed.stem)
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        unpacked.write_bytes(gzip.decompress(packed.read_bytes()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
