"""Run all benchmarks and write `reports/perf.json` and a table: `python -m perf [--runs N] [--only NAME]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from perf import csms_round_trips, empty_test, schema_validation, serial_console
from perf.environment import ROOT, install
from perf.result import Result

ALL = {
    "empty_test": empty_test,
    "serial_console": serial_console,
    "csms_round_trips": csms_round_trips,
    "schema_validation": schema_validation,
}


def main() -> int:
    """Run the chosen benchmarks. Return 0, with any figures."""
    parser = argparse.ArgumentParser(prog="make perf", description="Measure Plugbench beside its peers.")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="take the median of N runs (default: 3)")
    parser.add_argument("--only", choices=sorted(ALL), help="run only this benchmark")
    options = parser.parse_args()
    peers = install()
    results: list[Result] = []
    try:
        for name, benchmark in ALL.items():
            if options.only in (None, name):
                print(f"{name}…", file=sys.stderr, flush=True)
                results += benchmark.measure(peers, options.runs)
    finally:
        # A benchmark that fails does not lose the figures of the others.
        _write(results)
    return 0


def _write(results: list[Result]) -> None:
    path = ROOT / "reports" / "perf.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([result.record() for result in results], indent=2) + "\n")
    _show(results)
    print(f"written to {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


def _show(results: list[Result]) -> None:
    table = Table("figure", "unit", "plugbench", "peers", "ratio")
    for result in results:
        peers = "\n".join(f"{name}: {value:,.5g}" for name, value in result.peers.items())
        ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
        better = "higher" if result.higher_is_better else "lower"
        table.add_row(result.name, f"{result.unit}\n({better} is better)", f"{result.ours:,.5g}", peers, ratio)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    sys.exit(main())
