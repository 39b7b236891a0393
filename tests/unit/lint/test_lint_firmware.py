"""The checks of the firmware's headers, layers, freestanding compilation and pins."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.lint import freestanding, host_headers, includes, pins, watchdog
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


def test_portable_headers_and_our_own_pass(repository: Path, write: Write) -> None:
    write("firmware/src/core/span.h", "#include <stddef.h>\n#include <type_traits>\n")
    write("firmware/src/core/span.cpp", '#include "core/span.h"\n#include "span.h"\n')
    write("firmware/src/port/posix/posix_rng.h", "#include <unistd.h>\n")
    write("firmware/src/main/posix/main.cpp", '#include <unistd.h>\n#include "port/posix/posix_rng.h"\n')
    write("firmware/test/test_span/test_span.cpp", '#include <unity.h>\n#include <vector>\n#include "core/span.h"\n')
    assert host_headers.run(repository).findings == []


@pytest.mark.parametrize(
    ("includer", "included", "reason"),
    [
        ("core/crc32.h", "port/rng.h", "includes run main → app"),
        ("port/clock.h", "runtime/feature.h", "includes run main → app"),
        ("runtime/event_loop.cpp", "features/logging/logger.h", "includes run main → app"),
        ("features/wifi/wifi.cpp", "app/app.h", "includes run main → app"),
        ("features/logging/logger.h", "features/config/settings.h", "includes run main → app"),
        ("features/charging/charging.h", "features/auth_cache/auth_cache.h", "they are of one layer"),
        ("app/app.cpp", "port/posix/posix_clock.h", "include the interface in port/"),
        ("port/clock.h", "port/posix/posix_clock.h", "include the interface in port/"),
        ("main/esp32/main.cpp", "port/posix/posix_clock.h", "include the interface in port/"),
        ("port/posix/posix_clock.h", "runtime/feature.h", "includes run main → app"),
        ("port/posix/posix_rng.h", "port/posix/test/rig.h", "includes run main → app"),
        ("port/posix/posix_rng.h", "main/posix/arguments.h", "includes run main → app"),
    ],
)
def test_include_of_a_higher_layer_is_found(
    repository: Path, write: Write, includer: str, included: str, reason: str
) -> None:
    write(f"firmware/src/{included}", "")
    write(f"firmware/src/{includer}", f'#pragma once\n#include "{included}"\n')
    (finding,) = includes.run(repository).findings
    assert finding.startswith(f"firmware/src/{includer}:2: ")
    assert reason in finding


@pytest.mark.parametrize("line", ['#include "../app/app.h"', "#include <app/app.h>", '  #  include  "app/app.h" // x'])
def test_every_form_of_an_include_is_resolved(repository: Path, write: Write, line: str) -> None:
    write("firmware/src/app/app.h", "")
    write("firmware/src/core/crc32.h", f"{line}\n")
    (finding,) = includes.run(repository).findings
    assert "core includes app" in finding


def test_include_by_a_macro_is_rejected(repository: Path, write: Write) -> None:
    write("firmware/src/core/crc32.h", '#define FILE "app/app.h"\n#include FILE\n')
    (finding,) = includes.run(repository).findings
    assert finding.startswith("firmware/src/core/crc32.h:2: the included file is named by a macro")


@pytest.mark.parametrize("folder", ["features/tea", "core/json", "web"])
def test_folder_without_a_rank_is_rejected(repository: Path, write: Write, folder: str) -> None:
    write(f"firmware/src/{folder}/file.h", "")
    (finding,) = includes.run(repository).findings
    assert finding.startswith(f"firmware/src/{folder}: the folder has no rank")


def test_tests_may_include_all_but_the_implementation_of_ports(repository: Path, write: Write) -> None:
    write("firmware/src/app/app.h", "")
    write("firmware/src/port/posix/posix_clock.h", "")
    write("firmware/test/support/check.h", "")
    write("firmware/test/test_app/test_app.cpp", '#include "app/app.h"\n#include "port/posix/posix_clock.h"\n')
    write("firmware/src/core/crc32.h", '#include "support/check.h"\n')
    back, around = includes.run(repository).findings
    assert "core includes test" in back
    assert around.startswith("firmware/test/test_app/test_app.cpp:2: ")
    assert "include the interface" in around


def test_includes_of_lower_layers_pass(repository: Path, write: Write) -> None:
    for name in ("core/time.h", "port/clock.h", "port/posix/posix_clock.h", "runtime/feature.h", "app/app.h"):
        write(f"firmware/src/{name}", "#include <stdint.h>\n")
    write("firmware/test/support/check.h", "")
    write("firmware/src/main/posix/main.cpp", '#include "app/app.h"\n#include "port/posix/posix_clock.h"\n')
    write("firmware/src/port/posix/posix_clock.cpp", '#include "posix_clock.h"\n#include "core/time.h"\n')
    write(
        "firmware/src/port/posix/test/clock.cpp",
        '#include "port/posix/posix_clock.h"\n#include "runtime/feature.h"\n#include "support/check.h"\n',
    )
    assert includes.run(repository).findings == []


def test_layout_has_folders_from_the_top_and_arrows(repository: Path, write: Write) -> None:
    write("firmware/src/core/time.h", '#include "app/app.h"\n')
    write("firmware/src/app/app.h", '#include "port/clock.h"\n#include "core/time.h"\n')
    write("firmware/src/app/app.cpp", '#include "app/app.h"\n#include "core/time.h"\n\n')
    write("firmware/src/port/clock.h", "")
    layout = includes.layout(repository)
    assert [(name, folder.files, folder.lines) for name, folder in layout.folders.items()] == [
        ("app", 2, 5),
        ("port", 1, 0),
        ("core", 1, 1),
    ]
    assert layout.arrows == {("app", "port"): 1, ("app", "core"): 2, ("core", "app"): 1}
    assert layout.backward == [("core", "app")]


@pytest.mark.skipif(shutil.which(freestanding.COMPILER) is None, reason="make install-extras installs the compiler")
class TestFreestanding:
    """Tests with the compiler for a bare chip."""

    @pytest.fixture(autouse=True)
    def littlefs(self, write: Write) -> None:
        write(".deps/littlefs/lfs.h", "")
        write(".deps/mbedtls/VERSION", "3.6.6\n")
        write(".gitignore", ".deps/\n")
        write("firmware/sizes.json", "{}")

    def test_size_is_reported(self, repository: Path, write: Write) -> None:
        write("firmware/src/core/add.h", "#pragma once\nint add(int a, int b);\n")
        write("firmware/src/core/add.cpp", '#include "core/add.h"\nint add(int a, int b) { return a + b; }\n')
        result = freestanding.run(repository)
        assert result.findings == []
        assert "bytes of code" in result.note

    @pytest.mark.parametrize(
        "text", ["void f() { throw 1; }\n", "#include <sys/socket.h>\n", "static_assert(sizeof(void*) == 8);\n"]
    )
    def test_code_that_the_chip_does_not_support_is_found(self, repository: Path, write: Write, text: str) -> None:
        write("firmware/src/features/web/web.cpp", text)
        (finding,) = freestanding.run(repository).findings
        assert "firmware/src/features/web/web.cpp:1" in finding

    def test_growth_is_found(self, repository: Path, write: Write) -> None:
        write("firmware/src/core/table.cpp", "extern const char table[1000];\nconst char table[1000] = {1};\n")
        (finding,) = freestanding.run(repository).findings
        assert finding.startswith("firmware/sizes.json: flash of core has grown from 0 to 1000 bytes")

    def test_large_frame_is_found(self, repository: Path, write: Write) -> None:
        write("firmware/sizes.json", '{"flash": {"core": 500}, "stack": {"core": 2000}}')
        write("firmware/src/core/fill.cpp", "void use(char*);\nvoid fill() {\n  char bytes[1500];\n  use(bytes);\n}\n")
        (finding,) = freestanding.run(repository).findings
        assert finding.startswith("core: void fill() takes 1512 bytes of stack, and 1024 are allowed")

    def test_header_that_does_not_stand_alone_is_found(self, repository: Path, write: Write) -> None:
        write("firmware/src/core/late.h", "#pragma once\ninline uint32_t f() { return 0; }\n")
        (finding,) = freestanding.run(repository).findings
        assert "uint32_t" in finding


def test_freestanding_is_skipped_with_the_reason(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(SkippedError, match="make install-extras"):
        freestanding.run(repository)


@pytest.mark.parametrize(("milliseconds", "findings"), [(5000, 0), (8000, 1)])
def test_watchdog_of_chip_and_host_build_agree(
    repository: Path, write: Write, milliseconds: int, findings: int
) -> None:
    write("firmware/sdkconfig.defaults", "CONFIG_ESP_TASK_WDT_TIMEOUT_S=5\n")
    write("firmware/src/port/system.h", f"static constexpr uint32_t kWatchdogMs = {milliseconds};\n")
    assert len(watchdog.run(repository).findings) == findings


HEADER = "constexpr int kCable = 32;\nconstexpr int kLedStatus = 18;\n"
DESIGN = "| `inputs.cable` | 32 | 5 | in |\n| `leds.status` | 18 | 20 | out |\n| `control.boot` | GPIO0 | 23 | in |\n"
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
        (
            "design",
            "| `leds.status` | 18",
            "| `leds.status` | 4",
            ["devkitc.h: led_status is GPIO 18, elsewhere GPIO 4"],
        ),
        (
            "header",
            "kCable",
            "kPlug",
            ["devkitc.h: cable is missing", "devkitc.h: plug (GPIO 32) is listed nowhere else"],
        ),
    ],
)
def test_pins_that_differ_are_named(
    repository: Path, write: Write, changed: str, old: str, new: str, expected: list[str]
) -> None:
    texts = {"header": HEADER, "design": DESIGN, "wiring": WIRING, "bench": BENCH}
    if changed:
        texts[changed] = texts[changed].replace(old, new)
    write("firmware/src/features/board/boards/esp32-devkitc.h", texts["header"])
    write("docs/design.md", texts["design"])
    write("docs/wiring.md", texts["wiring"])
    write("benches/x.toml", texts["bench"])
    findings = pins.run(repository).findings
    assert bool(findings) == bool(expected)
    for text in expected:
        assert any(text in finding for finding in findings), findings


OTHER_BOARD = HEADER.replace("32", "3").replace("18", "8")


@pytest.mark.parametrize(
    ("header", "bench", "expected"),
    [
        (OTHER_BOARD, BENCH.replace("gpio = 32", "gpio = 3").replace("gpio = 18", "gpio = 8"), []),
        (OTHER_BOARD, BENCH, ["cable is GPIO 32, elsewhere GPIO 3", "led_status is GPIO 18, elsewhere GPIO 8"]),
        (OTHER_BOARD.replace("= 8", "= 3"), BENCH, ["GPIO 3 is listed twice"]),
        (OTHER_BOARD.replace("kCable", "kPlug"), BENCH, ["other.h: cable is missing"]),
        (None, BENCH, ["device.board: firmware/src/features/board/boards/other.h is missing"]),
        (None, BENCH.replace('name = "x"', 'name = "x"\nkind = "emulator"'), []),
    ],
)
def test_a_bench_is_compared_with_its_own_board(
    repository: Path, write: Write, header: str | None, bench: str, expected: list[str]
) -> None:
    write("firmware/src/features/board/boards/esp32-devkitc.h", HEADER)
    if header is not None:
        write("firmware/src/features/board/boards/other.h", header)
    write("docs/design.md", DESIGN)
    write("docs/wiring.md", WIRING)
    write("benches/x.toml", f'{bench}[device]\nboard = "other"\n')
    findings = pins.run(repository).findings
    assert bool(findings) == bool(expected)
    for text in expected:
        assert any(text in finding for finding in findings), findings


def test_pages_of_this_repository_have_every_signal() -> None:
    design = pins.of_design((ROOT / "docs" / "design.md").read_text())
    wiring = pins.of_wiring((ROOT / "docs" / "wiring.md").read_text())
    assert {"cable", "led_fault", "contactor", "lock_feedback"} <= design.keys() & wiring.keys()
