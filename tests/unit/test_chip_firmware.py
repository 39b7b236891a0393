"""`make firmware TARGET=…` builds with the installed tools, and leaves files for the flasher."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rig.firmware.manifest import load_manifest
from tools import chip_firmware

ROOT = Path(__file__).parents[2]


def test_targets_are_environments_of_platformio() -> None:
    environments = re.findall(r"^\[env:(\S+)\]", (ROOT / "firmware/platformio.ini").read_text(), re.M)
    assert set(chip_firmware.TARGETS) == set(environments) - {"native"}


@pytest.mark.parametrize("name", chip_firmware.TARGETS)
def test_options_of_a_target_are_files_of_the_project(name: str, tmp_path: Path) -> None:
    command = chip_firmware.idf_command("idf.py", name, tmp_path)
    (defaults,) = [word.partition("=")[2] for word in command if word.startswith("-DSDKCONFIG_DEFAULTS=")]
    assert all((ROOT / "firmware" / file).is_file() for file in defaults.split(";"))
    assert f"-DSDKCONFIG={tmp_path / 'sdkconfig'}" in command


def test_app_goes_where_the_partition_table_has_its_first_slot() -> None:
    (row,) = re.findall(r"^ota_0,.*", (ROOT / "firmware/partitions.csv").read_text(), re.M)
    assert int(row.split(",")[3], 0) == chip_firmware._APP_OFFSET


def test_layout_of_platformio_becomes_a_manifest(tmp_path: Path) -> None:
    built = tmp_path / "pio"
    built.mkdir()
    for file in ("bootloader.bin", "partitions.bin", "firmware.bin", "firmware.elf"):
        (built / file).write_text(file)
    chip_firmware.collect_pio(built, "esp32", tmp_path / "esp32")
    manifest = load_manifest(tmp_path / "esp32")
    assert manifest.chip == "esp32"
    assert manifest.contents() == [(0x1000, b"bootloader.bin"), (0x8000, b"partitions.bin"), (0x10000, b"firmware.bin")]


def test_unknown_target_is_rejected_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert chip_firmware.main(["esp8266"]) == 2
    assert "TARGET=esp8266 is none of: esp32, esp32c3, esp32c3-emulator" in capsys.readouterr().err


def test_machine_without_tools_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert chip_firmware.main(["esp32"]) == 2
    assert "neither idf.py nor pio is on PATH" in capsys.readouterr().err


COMPONENT = """
macro(idf_component_register)
  cmake_parse_arguments(component "" "" "SRCS" ${ARGN})
  foreach(source ${component_SRCS})
    message("${source}")
  endforeach()
  return()
endmacro()
set(CMAKE_BUILD_EARLY_EXPANSION 1)
include("@FILE@")
"""
"""What ESP-IDF's script pass does with a component: it registers the sources and reads no further."""


def test_the_component_has_every_source_of_the_chip_and_no_test(tmp_path: Path) -> None:
    """Tests need headers of the host, so one in the component breaks the build for the chip."""
    source = ROOT / "firmware" / "src"
    script = tmp_path / "component.cmake"
    script.write_text(COMPONENT.replace("@FILE@", str(source / "CMakeLists.txt")), encoding="utf-8")
    cmake = Path(sys.executable).with_name("cmake")
    printed = subprocess.run([cmake, "-P", script], capture_output=True, text=True, check=True, timeout=60).stderr
    files = [Path(line).resolve() for line in printed.splitlines()]
    ours = {file.relative_to(source) for file in files if file.is_relative_to(source)}
    folders = ("core", "runtime", "features", "app", "port/mbedtls", "port/esp32", "main/esp32")
    expected = {file.relative_to(source) for folder in folders for file in (source / folder).rglob("*.cpp")}
    assert ours == {file for file in expected if "test" not in file.parts}
