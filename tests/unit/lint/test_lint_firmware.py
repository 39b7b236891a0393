"""The checks of the firmware's headers, of its freestanding compilation and of the pins."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.lint import freestanding, host_headers, pins
from tools.lint.check import SkippedError

ROOT = Path(__file__).resolve().parents[3]

Write = Callable[[str, str], Path]


@pytest.mark.parametrize("header", ["unistd.h", "sys/socket.h", "pthread.h", "thread", "mutex", "fstream", "esp_log.h"])
def test_host_header_outside_the_port_is_found(repository: Path, write: Write, header: str) -> None:
    write("firmware/src/core/clock.cpp", f"#include <stdint.h>\n#  include <{header}>\n")
    (finding,) = host_headers.run(repository).findings
    assert finding.startswith(f"firmware/src/core/clock.cpp:2: <{header}>")


def test_host_header_in_quotes_is_found(repository: Path, write: Write) -> None:
    write("firmware/src/features/wifi/wifi.cpp", '#include "unistd.h"\n')
    assert len(host_headers.run(repository).findings) == 1


def test_port_implementation_is_not_reached_around(repository: Path, write: Write) -> None:
    write("firmware/src/port/posix/posix_clock.h", "#include <time.h>\n")
    write("firmware/src/app/app.cpp", '#include "port/posix/posix_clock.h"\n')
    (finding,) = host_headers.run(repository).findings
    assert "include the interface" in finding


def test_portable_headers_and_our_own_pass(repository: Path, write: Write) -> None:
    write("firmware/src/core/span.h", "#include <stddef.h>\n#include <type_traits>\n")
    write("firmware/src/core/span.cpp", '#include "core/span.h"\n#include "span.h"\n')
    write("firmware/src/port/posix/posix_rng.h", "#include <unistd.h>\n")
    write("firmware/src/main/posix/main.cpp", '#include <unistd.h>\n#include "port/posix/posix_rng.h"\n')
    write("firmware/test/test_span/test_span.cpp", '#include <unity.h>\n#include <vector>\n#include "core/span.h"\n')
    assert host_headers.run(repository).findings == []


@pytest.mark.skipif(shutil.which(freestanding.COMPILER) is None, reason="make install-extras installs the compiler")
class TestFreestanding:
    """With the compiler for a bare chip."""

    @pytest.fixture(autouse=True)
    def littlefs(self, write: Write) -> None:
        write(".deps/littlefs/lfs.h", "")
        write(".gitignore", ".deps/\n")

    def test_size_is_told(self, repository: Path, write: Write) -> None:
        write("firmware/src/core/add.h", "#pragma once\nint add(int a, int b);\n")
        write("firmware/src/core/add.cpp", '#include "core/add.h"\nint add(int a, int b) { return a + b; }\n')
        result = freestanding.run(repository)
        assert result.findings == []
        assert "bytes of code" in result.note

    @pytest.mark.parametrize(
        "text", ["void f() { throw 1; }\n", "#include <sys/socket.h>\n", "static_assert(sizeof(void*) == 8);\n"]
    )
    def test_what_the_chip_lacks_is_found(self, repository: Path, write: Write, text: str) -> None:
        write("firmware/src/features/web/web.cpp", text)
        (finding,) = freestanding.run(repository).findings
        assert "firmware/src/features/web/web.cpp:1" in finding

    def test_header_that_does_not_stand_alone_is_found(self, repository: Path, write: Write) -> None:
        write("firmware/src/core/late.h", "#pragma once\ninline uint32_t f() { return 0; }\n")
        (finding,) = freestanding.run(repository).findings
        assert "uint32_t" in finding


def test_freestanding_is_skipped_with_the_reason(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(SkippedError, match="make install-extras"):
        freestanding.run(repository)


HEADER = "constexpr int kCable = 32;\nconstexpr int kLedStatus = 18;\n"
DESIGN = "| cable | 32 | 5 | in |\n| led_status | 18 | 20 | out |\n| boot | GPIO0 | 23 | in |\n"
WIRING = "| `inputs.cable` | 5 | 29 | GPIO32 | x |\n| `leds.status` | 20 | 38 | GPIO18 | x |\n"
BENCH = """name = "x"
[control]
boot = { pin = 23, gpio = 0 }
[inputs]
cable = { pin = 5, gpio = 32 }
[leds]
status = { pin = 20, gpio = 18 }
"""


@pytest.mark.parametrize(
    ("changed", "old", "new", "expected"),
    [
        ("", "", "", []),
        ("bench", "gpio = 32", "gpio = 33", ["benches/x.toml: cable is GPIO 33, elsewhere GPIO 32"]),
        ("bench", "pin = 20", "pin = 21", ["benches/x.toml: led_status is on Pi pin 21, but docs/design.md says 20"]),
        ("bench", "cable = { pin = 5, gpio = 32 }", "", ["benches/x.toml: cable is missing; elsewhere it is GPIO 32"]),
        ("wiring", "GPIO18", "GPIO19", ["docs/wiring.md: led_status is GPIO 19, elsewhere GPIO 18"]),
        ("design", "| led_status | 18", "| led_status | 4", ["pins.h: led_status is GPIO 18, elsewhere GPIO 4"]),
        ("header", "kCable", "kPlug", ["pins.h: cable is missing", "pins.h: plug (GPIO 32) is listed nowhere else"]),
    ],
)
def test_pins_that_differ_are_named(
    repository: Path, write: Write, changed: str, old: str, new: str, expected: list[str]
) -> None:
    texts = {"header": HEADER, "design": DESIGN, "wiring": WIRING, "bench": BENCH}
    if changed:
        texts[changed] = texts[changed].replace(old, new)
    write("firmware/src/features/board/pins.h", texts["header"])
    write("docs/design.md", texts["design"])
    write("docs/wiring.md", texts["wiring"])
    write("benches/x.toml", texts["bench"])
    findings = pins.run(repository).findings
    assert bool(findings) == bool(expected)
    for text in expected:
        assert any(text in finding for finding in findings), findings


def test_pages_of_this_repository_hold_every_signal() -> None:
    design = pins.of_design((ROOT / "docs" / "design.md").read_text())
    wiring = pins.of_wiring((ROOT / "docs" / "wiring.md").read_text())
    assert {"cable", "led_fault", "contactor", "lock_feedback"} <= design.keys() & wiring.keys()
