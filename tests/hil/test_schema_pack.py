"""Packs of JSON schemas (firmware/src/features/schema/README.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from firmware.tools.schema_tables import Message, Source, compile_pack, load
from rig.bench import Bench
from rig.csms import CallErrorReceived, Csms
from rig.device import Device
from rig.instruments.console import Console

CHUNK = 128
"""Bytes of one `schema write`."""


@pytest.fixture(autouse=True)
def without_a_pack(device: Device, console: Console) -> Iterator[None]:
    """Begin and end without a pack, because the flash is kept between tests."""
    assert console.command("schema drop") == "ok"
    yield
    assert console.command("schema drop") == "ok"


def write(console: Console, pack: bytes) -> None:
    assert console.command(f"schema begin {len(pack)}") == "ok"
    for at in range(0, len(pack), CHUNK):
        assert console.command(f"schema write {pack[at : at + CHUNK].hex()}") == "ok"


@pytest.mark.needs("power")
def test_a_pack_is_kept_over_a_power_cycle(device: Device, bench: Bench, console: Console) -> None:
    source = load("ocpp2.0.1")
    pack = compile_pack(source)
    write(console, pack)
    assert "pack" not in json.loads(console.command("schema"))
    assert console.command("schema commit") == "ok"
    expected = {"protocol": "ocpp2.0.1", "digest": source.digest[:8].hex(), "bytes": len(pack), "slot": 0}
    assert json.loads(console.command("schema"))["pack"] == expected
    with device.expecting_reboot():
        bench.power.cycle()
        device.wait_accepted()
    assert json.loads(console.command("schema"))["pack"] == expected


def test_a_damaged_pack_is_rejected(device: Device, console: Console) -> None:
    pack = bytearray(compile_pack(load("ocpp2.0.1")))
    pack[-1] ^= 1
    write(console, bytes(pack))
    assert console.command("schema commit") == "error: schema: its CRC is wrong"
    assert "pack" not in json.loads(console.command("schema"))


def test_requests_are_validated_by_a_pack_of_the_own_protocol(device: Device, console: Console, csms: Csms) -> None:
    """A newer schema of ChangeConfiguration allows keys of five characters only."""
    source = load("ocpp1.6")
    newer = {
        "type": "object",
        "properties": {"key": {"type": "string", "maxLength": 5}, "value": {"type": "string"}},
        "required": ["key", "value"],
        "additionalProperties": False,
    }
    messages = [
        Message(each.action, newer, each.response) if each.action == "ChangeConfiguration" else each
        for each in source.messages
    ]
    payload = {"key": "HeartbeatInterval", "value": "100"}
    assert csms.call("ChangeConfiguration", payload)["status"] == "Accepted"
    write(console, compile_pack(Source("ocpp1.6", messages, source.digest)))
    assert console.command("schema commit") == "ok"
    with pytest.raises(CallErrorReceived) as rejected:
        csms.call("ChangeConfiguration", payload)
    assert rejected.value.code == "PropertyConstraintViolation"
    assert rejected.value.description.startswith("/key maxLength")
    assert console.command("schema drop") == "ok"
    assert csms.call("ChangeConfiguration", payload)["status"] == "Accepted"
