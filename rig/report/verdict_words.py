"""The names and colours of verdicts in reports."""

from __future__ import annotations

from rig.report.colours import AMBER, DARK_GREEN, GREY, RED, VIOLET
from rig.runs.slicer import Verdict

VERDICT_WORDS: dict[Verdict, str] = {
    "passed": "passed",
    "failed": "failed",
    "error": "error of the bench",
    "broken": "error of the test",
    "interrupted": "interrupted",
    "not measurable": "not measurable",
    "skipped": "skipped",
    "cut off": "cut off",
    "retried": "error of the bench, retried",
    "recorded": "recorded",
}
VERDICT_COLOURS: dict[Verdict, str] = {
    "passed": DARK_GREEN,
    "failed": RED,
    "error": VIOLET,
    "broken": AMBER,
    "interrupted": AMBER,
    "not measurable": AMBER,
    "skipped": GREY,
    "cut off": AMBER,
    "retried": VIOLET,
    "recorded": GREY,
}
VERDICT_HEADINGS: dict[Verdict, str] = {
    "passed": "Message",
    "failed": "Failure of the firmware",
    "error": "Error of the bench, not of the firmware",
    "broken": "Error of the test: neither of the firmware nor of the bench",
    "interrupted": "Interrupted: the session ended before the test did",
    "not measurable": "Not measurable: the machine was too busy",
    "skipped": "Skipped",
    "cut off": "Cut off",
    "retried": "Error of the bench, not of the firmware: the test was retried",
    "recorded": "Recorded without a test",
}
"""The heading above the message of a test."""
VERDICT_ENDS: dict[Verdict, str] = {
    "failed": "test failed",
    "error": "error of the bench",
    "retried": "error of the bench",
    "cut off": "record cut off",
    "broken": "error of the test",
    "interrupted": "interrupted",
    "not measurable": "not measurable",
}
"""The label at the end of a test in its picture, unless the test passed."""
