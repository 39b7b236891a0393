"""How reports name and colour the verdicts."""

from __future__ import annotations

from rig.report.canvas import GREY, RED, VIOLET
from rig.runs.load import Verdict

VERDICT_WORDS: dict[Verdict, str] = {
    "passed": "passed",
    "failed": "failed",
    "error": "error of the bench",
    "broken": "broken test",
    "skipped": "skipped",
    "cut off": "cut off",
    "retried": "error of the bench, retried",
}
VERDICT_COLOURS: dict[Verdict, str] = {
    "passed": "#00694c",
    "failed": RED,
    "error": VIOLET,
    "broken": "#8a5a00",
    "skipped": GREY,
    "cut off": "#8a5a00",
    "retried": VIOLET,
}
