"""Install what tests/interop needs beyond the environment: npm packages, pinned with all below them by hash."""

from __future__ import annotations

import json
import shutil

from tools.setup.steps import CACHE, ROOT, Log, Step

FOLDER = CACHE / "interop"

_PINS = [ROOT / "tests" / "interop" / name for name in ("package.json", "package-lock.json")]
_HINT = """Likely causes: no network; a proxy or a registry of your own that npm is not told about or that lacks a
pinned version (`npm config list`)."""


def steps() -> list[Step]:
    """Say what fills `.cache/interop`; nothing where node or npm is missing: what needs them is skipped then."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        print(f"  the CSMSs from npm are left out, and their tests will be skipped: {', '.join(missing)} not installed")
        return []
    return [Step("interop", _install, _PINS, [FOLDER / "node_modules" / name for name in _packages()])]


def _packages() -> list[str]:
    return list(json.loads(_PINS[0].read_text())["dependencies"])


def _install(log: Log) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for pin in _PINS:
        shutil.copy(pin, FOLDER)
    # No package needs scripts of its own to be installed; cache and logs stay in the clone.
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--cache", CACHE / "npm")
    log.command(["npm", "ci", *quiet], hint=_HINT, cwd=FOLDER)
