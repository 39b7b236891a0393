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


ABORT = "abort() was called at PC 0x400d1234 on core 1"


@pytest.mark.parametrize(
    ("text", "panic"),
    [
        ("PANIC: null pointer", Panic(cause="null pointer")),
        ("Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.",
         Panic(cause="Core  0 panic'ed (LoadProhibited). Exception was unhandled.", kind="exception", core=0)),
        ("Guru Meditation Error: Core  1 panic'ed (Interrupt wdt timeout on CPU1).",
         Panic(cause="Core  1 panic'ed (Interrupt wdt timeout on CPU1).", kind="interrupt watchdog", core=1)),
        ("***ERROR*** A stack overflow in task Tmr Svc has been detected.",
         Panic(cause="A stack overflow in task Tmr Svc has been detected", kind="stack overflow", task="Tmr Svc")),
        (ABORT, Panic(cause=ABORT, kind="abort", core=1, backtrace=("0x400d1234",))),
        ("assert failed: f a.c:7 (x)", Panic(cause="assert failed: f a.c:7 (x)", kind="assertion")),
        ("E (9) BOD: Brownout detector was triggered",
         Panic(cause="Brownout detector was triggered", kind="brown-out")),
        ("a.cc:3:7: runtime error: signed overflow",
         Panic(cause="a.cc:3:7: runtime error: signed overflow", kind="sanitizer")),
        ("PANIC: x\nBacktrace: 0x1:0x2 0x3:0x4 |<-CORRUPTED\nELF file SHA256: 0badcafe01",
         Panic(cause="x", backtrace=("0x1:0x2", "0x3:0x4", "(corrupted)"), elf_sha256="0badcafe01")),
        ("==12==ERROR: AddressSanitizer: bad\nREAD of 1\n    #0 0x1 in f a.cc:1\n    #1 0x2 in g a.cc:2",
         Panic(cause="AddressSanitizer: bad", kind="sanitizer", backtrace=("0x1 in f a.cc:1", "0x2 in g a.cc:2"))),
    ],
)  # fmt: skip
def test_a_crash_in_each_dialect(text: str, panic: Panic) -> None:
    assert read(*text.split("\n")) == [panic]


def test_the_task_watchdog_is_a_crash_only_if_it_aborts() -> None:
    report = (
        "E (10316) task_wdt: Task watchdog got triggered. The following tasks/users did not reset the watchdog:",
        "E (10316) task_wdt:  - main (CPU 0)",
        "E (10316) task_wdt: Tasks currently running:",
        "E (10316) task_wdt: CPU 0: main",
    )
    assert read(*report, "E (10316) task_wdt: Print CPU 0 (current core) backtrace", "Backtrace: 0x1:0x2") == []
    panic = Panic(cause="Task watchdog got triggered: main", kind="task watchdog", task="main", core=0)
    assert read(*report, "E (10316) task_wdt: Aborting.") == [panic]


DUMP = (
    "Core  0 register dump:",
    "MEPC    : 0x42001234  RA      : 0x42005678  SP      : 0x3fc90000  GP      : 0x3fc8a000",
    "Stack memory:",
    "3fc90000: 0x00000001 0x00000002",
    "3fc90008: 0x00000003 0x00000004",
)


def test_registers_and_stack_of_a_riscv_chip_are_kept_until_the_reboot() -> None:
    head = "Guru Meditation Error: Core  0 panic'ed (Load access fault). Exception was unhandled."
    lost_line = ("3fc90018: 0x00000007 0x00000008", "3fc90020: 0x00000009")
    panic, boot = read(head, "", *DUMP, *lost_line, "ELF file SHA256: 0badcafe01", "Rebooting...", BANNER)
    assert isinstance(boot, Boot)
    assert isinstance(panic, Panic)
    assert panic.stack_dump == DUMP
    assert (panic.backtrace, panic.elf_sha256) == (("0x42001234", "0x42005678"), "0badcafe01")


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


@pytest.mark.parametrize(
    "rest", ["build=y reset=panic", "build=12345678 reset=panic, it says", "build=1234567 reset=x"]
)
def test_text_that_only_begins_as_a_banner_is_no_boot(rest: str) -> None:
    assert read(f"I (99) note: I (0) boot: plugbench-cp 1.0.0 {rest}") == []


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
