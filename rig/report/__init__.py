"""The report: pages with one picture a test, made from `run.jsonl` and nothing else.

`build(run, out_dir)` writes a run's pages, `write_runs(reports, records)` the page that lists all runs.
"""

from __future__ import annotations

from rig.report.page import build
from rig.report.runs_page import write_runs

__all__ = ["build", "write_runs"]
