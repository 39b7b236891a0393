"""The serial console under load (docs/console-protocol.md)."""

from __future__ import annotations

import re

import pytest

from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.instruments.console import Console
from rig.instruments.telemetry import Telemetry
from rig.timeline.events import LogLine


@pytest.fixture
def verbose_device(device: Device, console: Console) -> Device:
    """Make the device log every frame, until its next boot."""
    device.configure(log_level="debug")
    return device


@pytest.mark.smoke
def test_no_line_is_lost_in_a_flood(
    verbose_device: Device, bench: Bench, csms: Csms, console: Console, telemetry: Telemetry
) -> None:
    """300 calls with every frame logged exceed 115,200 baud: the console shows each, once and in order."""
    before = telemetry.expect(1)[0].values["uart_dropped"]
    for number in range(300):
        mark = bench.mark()
        csms.send_raw(f'[2,"flood-{number}","RemoteStopTransaction",{{"transactionId":987654}}]')
        # The console is slower than the network: wait for each line before the next call.
        console.expect(rf'ocpp: > \[3,"flood-{number}"', since=mark)
    after = telemetry.expect(1)[0].values["uart_dropped"]
    lines = [line.text for line in bench.timeline.events(LogLine, bench.timeline.default_mark)]
    text = "\n".join(lines)
    expected = [str(number) for number in range(300)]
    assert re.findall(r'ocpp: < \[2,"flood-(\d+)"', text) == expected
    assert re.findall(r'ocpp: > \[3,"flood-(\d+)"', text) == expected
    assert after == before


@pytest.mark.smoke
def test_commands_in_a_row_are_answered_in_their_order(device: Device, bench: Bench, console: Console) -> None:
    """Forty commands sent without waiting get forty answers in order."""
    since = bench.mark()
    for number in range(40):
        console.send("status" if number % 2 else f"unknown-{number}")
    answers = [
        bench.timeline.expect(LogLine, lambda line: line.text.startswith("= "), since=since).text for _ in range(40)
    ]
    assert all(answer.startswith('= {"state":"Available"') for answer in answers[1::2])
    assert [re.search(r"unknown-(\d+)", answer)[1] for answer in answers[::2]] == [str(n) for n in range(0, 40, 2)]  # type: ignore[index]


def test_the_device_sleeps_while_a_command_waits_for_its_answer(
    device: Device, bench: Bench, csms: Csms, console: Console, telemetry: Telemetry
) -> None:
    """A command waits for the CSMS, a second one for the first: both are answered. The loop sleeps meanwhile."""
    with csms.hold("DataTransfer") as held:
        mark = bench.mark()
        console.send("transfer org.example")
        console.send("status")
        held.wait()
        first, last = (sample.values["loops"] for sample in telemetry.expect(2))
        console.expect_none("^= ", since=mark, within=0)
        held.release({"status": "Accepted"})
        console.expect(r'^= \{"status":"Accepted"\}', since=mark)
        console.expect(r'^= \{"state":"Available"', since=mark)
    # A loop that polls the port would make hundreds of thousands of rounds a second.
    assert last - first < 1000


@pytest.mark.parametrize("command", ["set local_id_tag", "set wifi_ssid", "transfer"])
def test_a_text_that_is_not_utf8_is_rejected(device: Device, console: Console, command: str) -> None:
    """A line from a Latin-1 terminal is rejected with the reason, and nothing is stored or sent."""
    before = console.command("config")
    text = "Müller".encode("latin-1").decode(errors="surrogateescape")
    assert console.command(f"{command} {text}") == "error: the line is not UTF-8; set the terminal to it"
    assert console.command("config") == before


@pytest.mark.parametrize("line", ["", "   ", "x" * 600, "status status status", "set", "set nonsense 1", "\x07\x1b[2J"])
def test_invalid_input_does_no_harm(device: Device, console: Console, line: str) -> None:
    """Empty, endless, unknown or binary input is answered with an error at most, and the next command works."""
    console.send(line)
    console.send("status")
    console.expect(r'^= \{"state":"Available"')
    device.verify_idle()


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("https://csms.example/ocpp", "begin with ws:// or wss://"),
        ("ws://user:secret@csms.example/ocpp", "no user and password"),
        ("ws://csms.example/ocpp#top", "no fragment"),
        ("ws://csms.example:0/", "port from 1 to 65535"),
    ],
)
def test_an_unusable_csms_url_is_rejected(device: Device, console: Console, value: str, cause: str) -> None:
    """An unusable `csms_url` is rejected when set, with cause and remedy, without its password, and not stored."""
    before = console.command("config")
    answer = console.command(f"set csms_url {value}")
    assert answer.startswith("error: csms_url must ")
    assert cause in answer
    assert console.command("config") == before
