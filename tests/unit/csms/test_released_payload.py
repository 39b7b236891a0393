"""The decoded payload of a long frame is released after the answer, and reading it decodes the text again."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from rig.csms import Csms
from rig.csms.frames import as_event
from rig.ocpp.ocppj import parse
from rig.ocpp.versions import VERSIONS
from rig.timeline import Timeline
from rig.timeline.events import OcppFrame
from rig.timeline.payload_field import IN_TEXT

from .conftest import LIMIT_S, Peer

LONG = {"vendorId": "V", "data": "x" * 300}


def received(text: str, kept: str = "") -> OcppFrame:
    """Make the event of a message; `kept` replaces the text that the event keeps."""
    return as_event("CP-1", "received", parse(text, VERSIONS["ocpp2.1"]), kept or text, "DataTransfer", "")


def text_of(*frame: object) -> str:
    return orjson.dumps(frame).decode()


@pytest.mark.parametrize(
    "text", [text_of(2, "a", "DataTransfer", LONG), text_of(3, "a", LONG), text_of(6, "a", "DataTransfer", LONG)]
)
def test_a_released_payload_is_the_same_when_it_is_read(text: str) -> None:
    whole, released = received(text), received(text)
    released.release_payload(text)
    assert released._payload is IN_TEXT  # type: ignore[attr-defined]
    assert replace(released, id=7).payload == LONG
    assert released.payload == released.shown == LONG
    assert released.payload is released.payload
    assert released == whole
    assert released.record() == whole.record()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (text_of(2, "a", "DataTransfer", {"vendorId": "V"}), ""),  # too short to matter
        (text_of(2, "a", "DataTransfer", LONG), "with masked secrets " * 20),
        (text_of(4, "a", "InternalError", "x" * 255, LONG), ""),  # its payload is made of three elements
    ],
)
def test_a_payload_that_the_text_does_not_give_back_stays(text: str, kept: str) -> None:
    frame = received(text, kept)
    payload = frame.payload
    frame.release_payload(text)
    assert frame._payload is payload  # type: ignore[attr-defined]


def test_the_csms_releases_a_payload_after_the_answer(csms: Csms, timeline: Timeline, peer: Peer) -> None:
    peer.call("DataTransfer", LONG)
    frame = timeline.expect(OcppFrame, lambda frame: frame.direction == "received", timeout=LIMIT_S, consume=False)
    assert frame._payload is IN_TEXT  # type: ignore[attr-defined]
    assert csms.expect("DataTransfer", data=LONG["data"], timeout=LIMIT_S) is frame


def test_a_repaired_payload_stays_as_the_csms_reads_it(csms: Csms, peer: Peer) -> None:
    csms.behaviour.strict = False
    peer.boot()
    sample = [{"value": 230.1}]  # a number instead of a text
    meter_values = [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": sample * 20}]
    peer.call("MeterValues", {"connectorId": 1, "meterValue": meter_values})
    read = csms.expect("MeterValues", timeout=LIMIT_S).payload
    assert read["meterValue"][0]["sampledValue"][0] == {"value": "230.1"}
