"""The report: pages with one picture for each test, made from `run.jsonl` only.

`build(run, out_dir)` writes the pages of a run, and `write_runs(reports, records)` the page that lists all runs.
"""

from __future__ import annotations

from rig.report.page import build
from rig.report.runs_page import write_runs

__all__ = ["build", "write_runs"]
