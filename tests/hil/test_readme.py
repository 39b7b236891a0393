"""The example of README.md: it fails, with the message that the page shows."""

from __future__ import annotations

from tests.document import ROOT, run_examples

run_examples(ROOT / "README.md", globals())
