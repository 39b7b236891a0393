"""Events in console lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.adapters.plugbench import PlugbenchLogFormat
from rig.timeline.events import Boot, Event, Panic, TelemetrySample

BANNER = "I (0) boot: plugbench-cp 1.0.0 build=12345678 reset=panic"


def read(*texts: str) -> list[Event]:
    reader = PlugbenchLogFormat()
    found: list[Event] = []
    for text in texts:
        found += reader.events(reader.line(text))
    return [*found, *reader.flush()]


@pytest.mark.parametrize(
    ("text", "cause", "backtrace"),
    [
        ("PANIC: null pointer", "null pointer", ()),
        ("Guru Meditation Error: Core  0 panic'ed (LoadProhibited)", "Core  0 panic'ed (LoadProhibited)", ()),
        ("***ERROR*** A stack overflow in task main has been detected.",
         "A stack overflow in task main has been detected", ()),
        ("abort() was called at PC 0x400d1234", "abort() was called at PC 0x400d1234", ()),
        ("==12==ERROR: AddressSanitizer: heap-use-after-free", "AddressSanitizer: heap-use-after-free", ()),
        ("a.cc:3:7: runtime error: signed overflow", "a.cc:3:7: runtime error: signed overflow", ()),
        ("PANIC: x\nBacktrace: 0x1:0x2 0x3:0x4", "x", ("0x1:0x2", "0x3:0x4")),
        ("==12==ERROR: AddressSanitizer: bad\nREAD of 1\n    #0 0x1 in f a.cc:1\n    #1 0x2 in g a.cc:2",
         "AddressSanitizer: bad", ("0x1 in f a.cc:1", "0x2 in g a.cc:2")),
    ],
)  # fmt: skip
def test_a_panic_in_each_dialect(text: str, cause: str, backtrace: tuple[str, ...]) -> None:
    assert read(*text.split("\n")) == [Panic(cause=cause, backtrace=backtrace)]


def test_the_next_boot_completes_a_panic() -> None:
    panic, boot = read("PANIC: x", BANNER)
    assert panic == Panic(cause="x")
    assert isinstance(boot, Boot)


def test_lines_of_rom_boot_loader_and_esp_idf_are_not_events() -> None:
    assert read(
        "ets Jul 29 2019 12:21:46",
        "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
        "configsip: 0, SPIWP:0xee",
        "load:0x3fff0030,len:7176",
        "entry 0x400805e4",
        "I (27) boot: ESP-IDF v5.3.1 2nd stage bootloader",
        "I (31) boot: Enabling RNG early entropy source...",
        "I (60) esp_image: segment 0: paddr=00010020 vaddr=3f400020 size=0c4d8h ( 50392) map",
        "I (203) cpu_start: Multicore app",
        "W (280) spi_flash: Detected size(8192k) larger than the size in the binary image header(4096k).",
        "I (310) main_task: Calling app_main()",
        "Rebooting...",
        "",
    ) == []  # fmt: skip


def test_a_banner_after_half_a_line_is_a_boot() -> None:
    assert read(f"I (99) app: hal{BANNER}") == [Boot(version="1.0.0", build="12345678", reset="panic")]


@pytest.mark.parametrize("text", ["I (7) app: ready", "\tI (7) app: ready", "  I (7) app:"])
def test_level_tag_and_uptime_of_a_line(text: str) -> None:
    line = PlugbenchLogFormat().line(text)
    assert (line.text, line.level, line.tag, line.uptime_ms) == (text, "I", "app", 7)


def test_telemetry_keeps_only_numbers() -> None:
    assert read('T (9) monitor: {"heap_free":1,"name":"x"}') == [TelemetrySample(values={"heap_free": 1})]


@pytest.mark.parametrize("text", ['T (9) monitor: {"heap', "T (9) monitor: {nonsense}", "T (9) monitor: {}"])
def test_an_invalid_record_is_not_a_sample(text: str) -> None:
    assert read(text) == []


PANICS = (
    "PANIC: x",
    "Guru Meditation Error: x",
    "abort() was called at PC 0x1",
    "assert failed: x",
    "ERROR: XSanitizer: x",
    "a: runtime error: x",
)


@given(st.text("x: (=#\\é", max_size=30), st.sampled_from(PANICS))
def test_a_panic_is_found_after_any_text(noise: str, panic: str) -> None:
    (found,) = read(noise + panic)
    assert isinstance(found, Panic)
    assert found.cause.endswith(panic.partition(": ")[2] or panic)


NINES = "9" * 5000


@pytest.mark.parametrize(
    "text",
    [
        f"I ({NINES}) app: ready",
        f'T ({NINES}) monitor: {{"heap_free":1}}',
        f"I ({NINES}) boot: cp 1 build=0badcafe reset=panic",
        f"PANIC: {NINES}",
    ],
)
def test_an_impossible_number_is_kept_as_text(text: str) -> None:
    line = PlugbenchLogFormat().line(text)
    assert (line.text, line.level, line.uptime_ms) == (text, "", None)
    assert [type(event) for event in read(text)] == ([Panic] if text.startswith("PANIC") else [])


@given(st.text())
def test_any_text_is_a_line(text: str) -> None:
    assert PlugbenchLogFormat().line(text).text == text


def test_a_line_of_the_past_is_no_event() -> None:
    assert read(f"L {BANNER}", "L I (5) x: PANIC: long ago", f"L 2024-05-01T12:00:00.250Z {BANNER}") == []


def test_a_banner_after_a_line_of_the_past_that_was_cut_is_a_boot() -> None:
    boot = Boot(version="1.0.0", build="12345678", reset="panic")
    assert read(f"L I (12{BANNER}", f"L 2024-05-01T12:00:00.250Z I (0) bo{BANNER}", f"L {BANNER}") == [boot, boot]


def test_the_line_about_the_last_crash_is_no_panic() -> None:
    assert read('E (0) crash: the last run crashed reason=panic cause="abort() was called"') == []
