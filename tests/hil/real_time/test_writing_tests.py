"""Run the examples of docs/writing-tests.md that measure a latency."""

from __future__ import annotations

from tests.document import ROOT, run_examples

run_examples(ROOT / "docs" / "writing-tests.md", globals(), real_time=True)
