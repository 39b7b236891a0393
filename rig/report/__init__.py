"""The report: one picture a test, made from `run.jsonl` and nothing else.

`build(run_dir, out_dir)` writes `index.html` with everything it needs beside it. `Slicer` cuts a stream of events into
tests while they still happen, for whoever wants a picture at once (`rig.report.allure_attach`).
"""

from __future__ import annotations

from rig.report.page import build
from rig.runs.load import Run, Slicer, Test, read_run

__all__ = ["Run", "Slicer", "Test", "build", "read_run"]
