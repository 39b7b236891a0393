"""The tutorial, docs/writing-tests.md: its examples are tests, and run here as they stand there."""

from __future__ import annotations

from tests.document import ROOT, run_examples

run_examples(ROOT / "docs" / "writing-tests.md", globals())
