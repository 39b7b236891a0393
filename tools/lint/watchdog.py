"""Equal timeouts of the watchdog in the chip's configuration and in `System::kWatchdogMs`."""

from __future__ import annotations

import re
from pathlib import Path

from tools.lint.check import Result

CONFIG = Path("firmware/sdkconfig.defaults")
HEADER = Path("firmware/src/port/system.h")

_SECONDS = re.compile(r"^CONFIG_ESP_TASK_WDT_TIMEOUT_S=(\d+)$", re.MULTILINE)
_MILLISECONDS = re.compile(r"\bkWatchdogMs = (\d+);")


def run(root: Path) -> Result:
    """Compare the two timeouts."""
    figures = []
    for path, pattern in ((CONFIG, _SECONDS), (HEADER, _MILLISECONDS)):
        found = pattern.search((root / path).read_text(encoding="utf-8"))
        if found is None:
            return Result([f"{path}: the watchdog's limit is missing ({pattern.pattern})"])
        figures.append(int(found[1]))
    seconds, milliseconds = figures
    if seconds * 1000 != milliseconds:
        return Result([f"{CONFIG}: the watchdog has {seconds} s, but {HEADER} has {milliseconds} ms; make them equal"])
    return Result(note=f"{seconds} s")
