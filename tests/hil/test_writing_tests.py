"""Run the examples of the tutorial docs/writing-tests.md as tests."""

from __future__ import annotations

from tests.document import ROOT, run_examples

run_examples(ROOT / "docs" / "writing-tests.md", globals())
