"""Run the example of README.md, which fails with the message on that page."""

from __future__ import annotations

from tests.document import ROOT, run_examples

run_examples(ROOT / "README.md", globals())
