"""Install the npm packages of tests/interop, pinned by hash with all their dependencies."""

from __future__ import annotations

import json
import shutil

from tools.setup.steps import CACHE, ROOT, Log, Step

FOLDER = CACHE / "interop"

_PINS = [ROOT / "tests" / "interop" / name for name in ("package.json", "package-lock.json")]
_HINT = """Likely causes: no network; a proxy or your own registry that is not set for npm, or that lacks a pinned
version (`npm config list`)."""


def steps() -> list[Step]:
    """Return the steps that fill `.cache/interop`. Without node or npm there are none, and their tests are skipped."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        print(f"  the CSMSs from npm are not installed, and their tests are skipped: {', '.join(missing)} is missing")
        return []
    return [Step("interop", _install, _PINS, [FOLDER / "node_modules" / name for name in _packages()])]


def _packages() -> list[str]:
    return list(json.loads(_PINS[0].read_text())["dependencies"])


def _install(log: Log) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for pin in _PINS:
        shutil.copy(pin, FOLDER)
    # No package needs its install scripts. Cache and logs stay in the clone.
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--cache", CACHE / "npm")
    log.command(["npm", "ci", *quiet], hint=_HINT, cwd=FOLDER)
