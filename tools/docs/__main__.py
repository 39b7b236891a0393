"""Write docs/api.md: `python -m tools.docs`, or `make docs`."""

from __future__ import annotations

from pathlib import Path

from tools.docs.api import reference

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path("docs/api.md")

if __name__ == "__main__":
    (ROOT / PAGE).write_text(reference(ROOT), encoding="utf-8")
    print(PAGE)
