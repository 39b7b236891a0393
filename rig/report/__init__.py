"""The report: one picture a test, made from `run.jsonl` and nothing else.

`build(run_dir, out_dir)` writes `index.html` with everything it needs beside it.
"""

from __future__ import annotations

from rig.report.page import build

__all__ = ["build"]
