"""Power, reset, boot, and the board's reaction when the device process ends."""

from __future__ import annotations

import struct
import subprocess
import threading
import time
import zlib
from types import SimpleNamespace

import pytest
from gpiozero import InputDevice, OutputDevice

from rig.faults import TornWrite, inject
from rig.firmware.image import make_image
from rig.firmware.partitions import TABLE_OFFSET, PartitionTable, to_binary
from rig.timeline import Timeline
from rig.wiring.pins import watch_edges
from tests.unit.conftest import STEPPED

from .conftest import reaches


def test_a_board_without_an_image_has_the_message_of_the_chip(desk):
    desk.power.on()
    desk.port.expect("invalid header: 0xffffffff")


@STEPPED
def test_power_boots_the_flashed_image_at_once(flashed, clock):
    for _ in range(3):
        before = clock.now()
        flashed.power.on()
        clock.settle()
        assert clock.now() == before
        assert flashed.port.expect("boot:").endswith("reset=power_on")
        flashed.power.off()


def test_a_setting_has_reached_the_device_when_its_call_returns(flashed):
    flashed.power.on()
    flashed.port.expect("board: go")
    for number in range(1, 20):
        flashed.wiring.hooks.leak(number)
        flashed.port.send(f"after {number}")
        flashed.port.expect(f"= after {number}")
        said = [line.strip() for line in flashed.port.seen.splitlines()[-2:]]
        assert said == [f"board: leak {number}", f"= after {number}"]


def test_a_setting_for_a_device_that_ends_or_does_not_answer_does_not_hang(flashed):
    flashed.power.on()
    flashed.port.expect("board: go")
    flashed.port.send("torn")
    flashed.wiring.hooks.leak(1)
    flashed.power.off()
    flashed.wiring.hooks.leak(2)


def test_the_device_gets_settings_and_levels_before_it_starts(flashed):
    flashed.wiring.hooks.slow_erase(45)
    cable = OutputDevice(5, initial_value=True, pin_factory=flashed.wiring.pin_factory)
    flashed.power.on()
    flashed.port.expect("board: go")
    said = [line.removeprefix("board: ").strip() for line in flashed.port.seen.splitlines() if "board: " in line]
    assert said == ["ap up 0 0", "flash erase_ms 45", "pin 32 1", "pin 25 1", "go"]
    cable.close()


def test_settings_survive_a_reboot(running):
    running.wiring.access_point.down()
    running.port.expect("board: ap down 0 0")
    running.press_reset()
    assert running.port.expect("boot:").endswith("reset=external")
    running.port.expect("board: ap down 0 0")


def test_a_tear_requested_without_power_applies_to_the_next_boot_only(flashed):
    flashed.wiring.hooks.tear_flash(3, "half", 7)
    flashed.power.on()
    flashed.port.expect("board: flash tear 3 half 7")
    flashed.port.expect("board: go")
    flashed.press_reset()
    flashed.port.expect("board: go")
    assert flashed.port.seen.count("flash tear") == 1


def test_a_torn_write_lifted_before_the_next_boot_has_no_effect(running):
    bench = SimpleNamespace(
        timeline=Timeline(),
        wiring=running.wiring,
        power=SimpleNamespace(on=running.power.on, off=running.power.off, is_on=False),
        capabilities=frozenset({"power", "test_hooks"}),
    )
    running.power.off()
    with inject(bench, TornWrite(operation=3)):
        pass
    running.power.on()
    running.port.expect("boot: test-device")
    running.port.expect("board: go")
    assert "flash tear" not in running.port.seen


def test_power_off_kills_and_power_on_boots(running):
    running.power.off()
    running.power.on()
    assert running.port.expect("boot:").endswith("reset=power_on")


@pytest.mark.parametrize(
    ("command", "reason"),
    [("exit 66", "software"), ("exit 68", "watchdog"), ("exit 1", "panic"), ("abort", "panic")],
)
def test_the_device_restarts_with_the_reason_of_its_end(running, command, reason):
    running.port.send(command)
    assert running.port.expect("boot:").endswith(f"reset={reason}")


@STEPPED
def test_a_crash_loop_is_slowed_down(flashed, clock, table, tmp_path):
    source, program = tmp_path / "crash.c", tmp_path / "crash"
    source.write_text(
        '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { puts("crash"), fflush(stdout), abort(); }\n'
    )
    subprocess.run(["cc", "-o", program, source], check=True)
    image = make_image(program.read_bytes(), project="crash", version="1", elf_sha256=bytes(32))
    flashed.write_flash((table["ota_0"].offset, image))
    flashed.power.on()
    clock.settle()
    for runs in range(1, 5):
        assert flashed.port.read().count("crash") == runs
        clock.deadline(0.299).wait_out()
        assert flashed.port.read().count("crash") == runs
        clock.deadline(0.001).wait_out()
        clock.settle()


def test_even_a_short_reset_pulse_resets(running):
    for _ in range(20):
        running.press_reset()
        assert running.port.expect("boot:").endswith("reset=external")


def test_held_in_reset_nothing_runs(flashed):
    flashed.reset.on()
    flashed.power.on()
    assert reaches(flashed.rail, True)
    flashed.reset.off()
    assert flashed.port.expect("boot:").endswith("reset=power_on")
    assert flashed.port.seen.count("boot:") == 1


def test_input_without_power_is_lost(flashed):
    flashed.port.send("exit 66")
    flashed.power.on()
    flashed.port.expect("board: go")
    flashed.port.send("still here")
    flashed.port.expect("= still here")


def test_a_torn_flash_cuts_the_power_until_the_switch_is_cycled(running):
    running.port.send("torn")
    assert reaches(running.rail, False), "the rail stayed up"
    running.power.off()
    running.power.on()
    assert running.port.expect("boot:").endswith("reset=power_on")


def test_inputs_reach_the_device_and_its_outputs_come_back_with_their_stamps(running):
    factory = running.wiring.pin_factory
    cable = OutputDevice(5, pin_factory=factory)
    contactor = InputDevice(25, pull_up=False, pin_factory=factory)
    edges: list[tuple[bool, int]] = []
    changed = threading.Condition()

    def seen(level: bool, stamp: int) -> None:
        with changed:
            edges.append((level, stamp))
            changed.notify()

    stop = watch_edges(contactor.pin, seen)
    before = time.monotonic_ns()
    cable.on()
    cable.off()
    with changed:
        assert changed.wait_for(lambda: len(edges) == 2, 5)
    assert [level for level, _ in edges] == [True, False]
    assert before <= edges[0][1] <= edges[1][1] <= time.monotonic_ns()
    stop()
    cable.close()
    contactor.close()


def test_outputs_float_without_power(running):
    factory = running.wiring.pin_factory
    led = InputDevice(20, pull_up=False, pin_factory=factory)
    running.port.send("drive 18 1")
    assert reaches(led, True)
    running.power.off()
    assert reaches(led, False)
    led.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda app: b"\x00" + app[1:], "invalid header: 0x"),
        (lambda app: app[:1000] + bytes([app[1000] ^ 1]) + app[1001:], "Checksum failed"),
        (lambda app: app[:-1] + bytes([app[-1] ^ 1]), "Image hash failed"),
        (lambda app: app[:12] + b"\x05\x00" + app[14:], "mismatch chip ID"),
    ],
)
def test_a_damaged_image_is_rejected(flashed, table, app, damage, message):
    flashed.write_flash((table["ota_0"].offset, damage(app)))
    flashed.power.on()
    flashed.port.expect(message)
    assert "boot:" not in flashed.port.seen


def test_a_damaged_partition_table_is_rejected(flashed, table):
    binary = bytearray(to_binary(table))
    binary[4] ^= 1
    flashed.write_flash((TABLE_OFFSET, bytes(binary)))
    flashed.power.on()
    flashed.port.expect("MD5")


def test_otadata_names_the_slot(flashed, table: PartitionTable, device_executable):
    second = make_image(device_executable + b"\0", project="test-device", version="2", elf_sha256=bytes(32))
    sequence = struct.pack("<I", 2)
    entry = struct.pack("<4s20sII", sequence, b"", 0xFFFFFFFF, zlib.crc32(sequence, 0xFFFFFFFF))
    flashed.write_flash((table["otadata"].offset, entry), (table["ota_0"].offset, b"\x00" * 4096))
    flashed.power.on()
    flashed.port.expect("invalid header")
    flashed.power.off()
    flashed.write_flash((table["ota_1"].offset, second))
    flashed.power.on()
    flashed.port.expect("boot:")


def ota_entry(sequence: int, state: int) -> bytes:
    number = struct.pack("<I", sequence)
    return struct.pack("<4s20sII", number, b"\xff" * 20, state, zlib.crc32(number, 0xFFFFFFFF))


def test_the_first_boot_adds_the_first_entry_of_otadata(flashed, table: PartitionTable):
    otadata = table["otadata"].offset
    assert flashed.read_flash(otadata, 32) == b"\xff" * 32
    for _ in range(2):
        flashed.power.on()
        flashed.port.expect("boot:")
        flashed.power.off()
        assert flashed.read_flash(otadata, 32) == ota_entry(1, 2)
        assert flashed.read_flash(otadata + 4096, 32) == b"\xff" * 32


def test_an_update_that_does_not_confirm_itself_gets_one_boot(flashed, table: PartitionTable, device_executable):
    update = make_image(device_executable + b"\0", project="test-device", version="2", elf_sha256=bytes(32))
    otadata = table["otadata"].offset
    flashed.write_flash((otadata, ota_entry(1, 2)), (otadata + 4096, ota_entry(2, 0)), (table["ota_1"].offset, update))
    flashed.power.on()
    flashed.port.expect("boot:")
    assert flashed.read_flash(otadata + 4096, 32) == ota_entry(2, 1), "pending verification"
    flashed.power.off()
    flashed.power.on()
    flashed.port.expect("boot:")
    assert flashed.read_flash(otadata + 4096, 32) == ota_entry(2, 4), "aborted"
    assert flashed.read_flash(otadata, 32) == ota_entry(1, 2)


def test_an_image_for_a_real_chip_is_rejected_by_name(flashed, table):
    image = make_image(b"not an executable", project="x", version="1", elf_sha256=bytes(32))
    flashed.write_flash((table["ota_0"].offset, image))
    flashed.power.on()
    flashed.port.expect("Exec format error")
