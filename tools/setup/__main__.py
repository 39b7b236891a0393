"""Set this clone up: what is missing is fetched and built, what is there is left alone.

Everything lands inside the clone (`.venv`, `.deps`, `.cache`), apart from pip's cache.
"""

from __future__ import annotations

import argparse
import fcntl
import shutil
import sys

from tools.setup import builds, environment, interop, platformio, sources
from tools.setup.steps import LOGS, SetupError, run

_TOOLS = {"g++": "g++", "make": "make", "git": "git"}


def main() -> int:
    """Run it; the exit code is 0, 1 for what went wrong, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.setup", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--platformio", action="store_true", help="also what `pio test -e native` needs")
    parser.add_argument("--interop", action="store_true", help="also what tests/interop needs")
    arguments = parser.parse_args()
    try:
        _check_machine()
        steps = environment.steps() + sources.steps() + builds.steps()
        if arguments.platformio:
            steps += platformio.steps()
        if arguments.interop:
            steps += interop.steps()
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / "lock").open("w") as lock:
            # Two verbs may be started at once: the second waits, and then finds everything done.
            fcntl.flock(lock, fcntl.LOCK_EX)
            run(steps)
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: stopped; the next run goes on from here", file=sys.stderr)
        return 130
    return 0


def _check_machine() -> None:
    missing = [package for tool, package in _TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise SetupError(
            f"missing: {', '.join(missing)}. On Debian and Raspberry Pi OS: apt-get install {' '.join(missing)}"
        )


if sys.version_info < (3, 11):  # noqa: UP036 - this is what tells people so
    print(f"set-up: Python {sys.version.split()[0]} is too old: python3 must be 3.11 or newer", file=sys.stderr)
    sys.exit(1)
sys.exit(main())
