"""Write the pages that are made from the sources: `python -m tools.docs`, or `make docs`."""

from __future__ import annotations

from pathlib import Path

from tools.docs import GENERATED

ROOT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    for page, text in GENERATED.items():
        (ROOT / page).write_text(text(ROOT), encoding="utf-8")
        print(page)
