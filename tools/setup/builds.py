"""Remove builds of the firmware for another folder. CMake rejects them after a clone has moved."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tools.setup.steps import ROOT, Step

_HOME = re.compile(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", re.MULTILINE)


def steps() -> list[Step]:
    """Return the step that removes builds of another folder. It runs again after the clone has moved."""
    return [Step("builds", lambda _log: remove_foreign(ROOT))]


def remove_foreign(root: Path) -> None:
    """Remove each folder of `build` whose CMake project is not this clone's.

    Args:
        root: the clone.
    """
    for cache in sorted((root / "build").glob("*/CMakeCache.txt")):
        home = _HOME.search(cache.read_text(errors="replace"))
        if home is None or Path(home[1]) != root / "firmware" / "host":
            shutil.rmtree(cache.parent)
