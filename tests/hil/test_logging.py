"""The log on flash and over resets (docs/log-format.md)."""

from __future__ import annotations

import contextlib
import itertools
import json

import pytest

from rig.adapters.stored_log import parse_line, read_log
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device, EvDriver
from rig.faults import CsmsGone
from rig.firmware.filesystem import BLOCK_SIZE, read_filesystem, update_filesystem
from rig.instruments.console import Console
from rig.timeline.events import Boot, LogLine, Panic
from rig.util.errors import BenchError
from tests.hil.storage_partition import write_storage

pytestmark = pytest.mark.needs("inputs", "power", "stepped_time", "flash_file")


def shown(bench: Bench, console: Console, command: str) -> list[str]:
    """Type a command of the log. Return the lines that it prints, without `L `."""
    since = bench.mark()
    answer = json.loads(console.command(command, timeout=30))
    lines = [line.text[2:] for line in bench.timeline.events(LogLine, since) if line.text.startswith("L ")]
    assert len(lines) == answer["lines"]
    return lines


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("command", "kind"),
    [("abort", "abort"), ("null", "exception"), ("assert", "assertion"), ("stack", "stack overflow")],
)
def test_a_crash_is_explained_without_a_cable(
    device: Device, bench: Bench, console: Console, command: str, kind: str
) -> None:
    """After a crash the console has its reason, uptime and backtrace, and 2 KB of the log before it."""
    for number in range(40):
        console.command(f"log note before-the-crash {number} {'x' * 60}")
    device.let_time_pass(1)
    with device.expecting_reboot():
        console.send(f"crash {command}")
        panic = bench.timeline.expect(Panic)
    assert panic.kind == kind
    lines = shown(bench, console, "log crash")
    crash = parse_line(lines[-1])
    assert crash is not None
    assert crash.fields["reason"] == "panic"
    assert crash.fields["cause"] == panic.cause
    assert int(crash.fields["uptime_ms"]) >= 1000
    assert crash.fields["backtrace"].startswith("0x")
    before = "\n".join(lines[:-1])
    assert 1900 < len(before) <= 2048
    assert "before-the-crash 39" in before


def test_a_hang_is_explained_too(device: Device, bench: Bench, console: Console) -> None:
    """The watchdog's reset keeps the log and its cause."""
    console.command("log note last-words")
    with device.expecting_reboot():
        console.send("hang")
    lines = shown(bench, console, "log crash")
    assert "reason=watchdog" in lines[-1]
    assert any("last-words" in line for line in lines)


def test_the_crash_is_in_the_flash_after_a_power_cut(borrowed_device: Device, bench: Bench, console: Console) -> None:
    """A crash, and then the power fails: the flash has the crash and the log before it."""
    borrowed_device.boot()
    console.command("log note last-words")
    with borrowed_device.expecting_reboot():
        console.send("crash abort")
    borrowed_device.wait_accepted()
    bench.power.off()
    log = read_log(borrowed_device.read_storage())
    assert "reason=panic" in log.crash[-1]
    assert any("last-words" in line for line in log.crash)
    since = bench.mark()
    bench.power.on()
    borrowed_device.wait_ready(since)
    assert shown(bench, console, "log crash") == log.crash


def test_a_restart_loses_no_line(device: Device, bench: Bench, console: Console) -> None:
    """Lines that were not on flash survive a restart in the ring, and a dump has them in order."""
    console.command("log note before-the-restart")
    with device.expecting_reboot():
        console.send("reboot")
    lines = shown(bench, console, "log dump")
    (note,) = [number for number, line in enumerate(lines) if "before-the-restart" in line]
    banners = [number for number, line in enumerate(lines) if "boot: plugbench-cp" in line]
    assert note < banners[-1]


def test_a_dump_causes_no_events(device: Device, bench: Bench, console: Console) -> None:
    """Banners and panics of the past are not reported as boots and panics of now."""
    with device.expecting_reboot():
        console.send("crash abort")
    since = bench.mark()
    assert any("boot: plugbench-cp" in line for line in shown(bench, console, "log dump"))
    assert bench.timeline.events(Boot, since) == []
    assert bench.timeline.events(Panic, since) == []


def test_flushed_lines_survive_a_power_cut(borrowed_device: Device, bench: Bench, console: Console) -> None:
    """`log flush` is answered when the lines are durable, with the time of day."""
    console.command('log note kept-over-the-cut ssid="my network" rssi=-61')
    assert console.command("log flush") == "ok"
    bench.power.off()
    lines = read_log(borrowed_device.read_storage()).lines
    entries = [entry for entry in map(parse_line, lines) if entry is not None]
    assert len(entries) == len(lines)
    (kept,) = [entry for entry in entries if entry.text == "kept-over-the-cut"]
    assert kept.fields == {"ssid": "my network", "rssi": "-61"}
    assert kept.wall is not None
    assert abs((bench.clock.utc() - kept.wall).total_seconds()) < 10


def test_a_power_cut_costs_the_lines_of_the_flush_time(borrowed_device: Device, bench: Bench, console: Console) -> None:
    """A line that is older than `log_flush_s` survives a power cut, and a younger one does not."""
    borrowed_device.configure(log_flush_s=60)
    console.command("log note older")
    borrowed_device.let_time_pass(61)
    console.command("log note younger")
    bench.power.off()
    since = bench.mark()
    bench.power.on()
    borrowed_device.wait_ready(since)
    lines = shown(bench, console, "log tail 100")
    assert any(line.endswith("note: older") for line in lines)
    assert not any(line.endswith("note: younger") for line in lines)


def test_levels_of_features(device: Device, bench: Bench, console: Console) -> None:
    """A feature may have a level of its own, as a setting and until the next boot."""
    since = bench.mark()
    assert console.command("log level note error") == "ok"
    console.command("log note suppressed")
    assert console.command("set log_level info,note=warning") == "ok"
    console.command("log note suppressed")
    assert console.command("set log_level info") == "ok"
    console.command("log note printed")
    notes = [line.text for line in bench.timeline.events(LogLine, since) if line.tag == "note"]
    assert [note.rpartition(" ")[2] for note in notes] == ["printed"]


def test_no_secret_is_stored(borrowed_device: Device, bench: Bench, csms: Csms, console: Console) -> None:
    """Neither the passphrase nor an AuthorizationKey of the CSMS is in the stored log, even at level debug."""
    psk = bench.description.psk()
    assert psk
    key = "0123456789abcdef0123456789abcdef"
    console.command("log debug")
    console.command(f"log note {psk}")
    csms.call("ChangeConfiguration", {"key": "AuthorizationKey", "value": key})
    csms.call("ChangeConfiguration", {"value": key, "key": "AuthorizationKey"})
    assert console.command("log flush") == "ok"
    bench.power.off()
    text = "\n".join(read_log(borrowed_device.read_storage()).lines)
    assert "AuthorizationKey" in text
    assert key not in text
    assert psk not in text


def test_logs_yield_to_a_charge_on_a_full_flash(
    borrowed_device: Device, bench: Bench, console: Console, driver: EvDriver, csms: Csms
) -> None:
    """On a flash that old logs fill, an offline charge is recorded and reported: old log files are removed for it."""
    for number in range(30):
        console.command(f"log note old {number} {'x' * 400}")
        assert console.command("log flush") == "ok"
    bench.power.off()
    image = borrowed_device.read_storage()
    logs = [name for name in read_filesystem(image) if name.startswith("log-")]
    assert len(logs) > 5
    write_storage(borrowed_device, filled(image))
    since = bench.mark()
    bench.power.on()
    borrowed_device.wait_accepted(since)
    with bench.inject(CsmsGone()):
        csms.expect_disconnected()
        for _ in range(12):
            charge_offline(borrowed_device, driver)
        lost = console.command("log flush", timeout=30)
    for _ in range(12):
        csms.expect("StopTransaction", timeout=60)
    borrowed_device.wait_status(queue=0, timeout=60)
    assert "no space left" in lost
    bench.power.off()
    left = [name for name in read_filesystem(borrowed_device.read_storage()) if name.startswith("log-")]
    assert len(set(left) & set(logs)) < len(logs)


def charge_offline(device: Device, driver: EvDriver) -> None:
    """Charge 5 Wh without the CSMS."""
    driver.plug_in()
    driver.present_tag()
    device.wait_status(state="Charging")
    driver.draw(5).wait()
    driver.present_tag()
    driver.unplug()
    device.wait_status(state="Available")


def filled(image: bytes) -> bytes:
    """Fill a file system with files until less than two blocks are free."""
    for size in (64 * BLOCK_SIZE, 8 * BLOCK_SIZE, BLOCK_SIZE):
        with contextlib.suppress(BenchError):
            for number in itertools.count():
                image = update_filesystem(image, {f"ballast{size}-{number}": b"x" * size})
    return image
