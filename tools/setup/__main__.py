"""Set this clone up: fetch and build missing parts, and keep existing ones.

All files are inside the clone (`.venv`, `.deps`, `.cache`), except pip's cache.
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
    """Run the set-up. The exit code is 0, 1 for an error, 130 for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python3 -m tools.setup", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--platformio", action="store_true", help="also set up `pio test -e native`")
    parser.add_argument("--console", action="store_true", help="also set up `rig console`")
    parser.add_argument("--api", action="store_true", help="also set up `rig csms api`")
    parser.add_argument("--browser", action="store_true", help="also set up `rig console` and its tests in a browser")
    parser.add_argument("--interop", action="store_true", help="also set up tests/interop")
    arguments = parser.parse_args()
    try:
        _check_machine()
        steps = environment.steps() + sources.steps() + builds.steps()
        if arguments.api:
            steps += environment.api_steps()
        if arguments.console:
            steps += environment.console_steps()
        if arguments.browser:
            steps += environment.browser_steps()
        if arguments.platformio:
            steps += platformio.steps()
        if arguments.interop:
            steps += interop.steps()
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / "lock").open("w") as lock:
            # Two targets may run at once: the second one waits, and then has nothing to do.
            fcntl.flock(lock, fcntl.LOCK_EX)
            run(steps)
    except SetupError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: stopped; the next run continues from here", file=sys.stderr)
        return 130
    return 0


def _check_machine() -> None:
    missing = [package for tool, package in _TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise SetupError(
            f"missing: {', '.join(missing)}. On Debian and Raspberry Pi OS: apt-get install {' '.join(missing)}"
        )


if sys.version_info < (3, 11):  # noqa: UP036 - this prints the error for an older Python
    print(f"set-up: Python {sys.version.split()[0]} is too old: python3 must be 3.11 or newer", file=sys.stderr)
    sys.exit(1)
sys.exit(main())
