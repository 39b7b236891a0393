"""Measure the memory of `rig csms serve` while many charge points are idle: `python -m perf.csms_memory [--points N]`.

The charge points register and then send nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from perf.environment import read_line, start
from perf.memory import resident_mb
from rig.load.figures import Figures
from rig.load.points import Load, run

_IDLE_S = 20.0
_RAMP = 50.0


def main() -> None:
    """Connect the charge points, and print the memory before and after."""
    parser = argparse.ArgumentParser(prog="python -m perf.csms_memory", description=__doc__.partition("\n")[0])
    parser.add_argument("--points", type=int, default=1000, metavar="N", help="how many (default: 1000)")
    points = parser.parse_args().points
    server = start(sys.executable, "ours/serve.py")
    try:
        url = read_line(server, "ready").rpartition("/")[0]
        before = after = resident_mb(server.pid)

        def progress(figures: Figures) -> None:
            nonlocal after
            if figures.connected == points:
                after = resident_mb(server.pid)

        idle = Load(url, points, rate=points / 1e6, seconds=_IDLE_S, ramp=_RAMP)
        figures = asyncio.run(run(idle, progress))
        if figures.reached < points:
            sys.exit(f"only {figures.reached} of {points} charge points connected: {dict(figures.reasons)}")
    finally:
        server.kill()
        server.communicate()
    each = (after - before) * 1024 / points
    print(f"{before:.1f} MB without charge points, {after:.1f} MB with {points:,}: {each:.0f} KB for each")


if __name__ == "__main__":
    main()
