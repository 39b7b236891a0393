"""The picture and the log of a test as attachments of its Allure result."""

from __future__ import annotations

from dataclasses import replace

import allure

from rig.report import sequence_svg, timeline_svg
from rig.report.sections import full_log
from rig.runs.slicer import Test
from rig.util.redaction import masked_text


def attach(test: Test) -> None:
    """Attach to the Allure result of the test that runs now; call it in that test's last phase.

    Args:
        test: what a `Slicer` that listens to the bench's timeline returned for its `TestEnded`.
    """
    test = replace(
        test,
        events=tuple(event.without_secrets() for event in test.events),
        message=masked_text(test.message),
    )
    allure.attach(timeline_svg.render(test), name="timeline", attachment_type=allure.attachment_type.SVG)
    if sequence_svg.has_exchange(test):
        allure.attach(sequence_svg.render(test), name="OCPP exchange", attachment_type=allure.attachment_type.SVG)
    allure.attach(full_log(test), name="log", attachment_type=allure.attachment_type.TEXT)
