"""Building the firmware: what goes wrong is said with the tool's own words."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from rig.errors import BenchError
from rig.firmware.build import build, firmware, package
from rig.firmware.image import parse_image
from rig.firmware.manifest import load_manifest

CSV = "ota_0, app, ota_0, 0x10000, {size}\notadata, data, ota, 0xd000, 0x2000\n"


@pytest.fixture
def project(tmp_path):
    """A project whose firmware is one C file."""
    host = tmp_path / "firmware" / "host"
    host.mkdir(parents=True)
    (host / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\nproject(p C)\nadd_executable(plugbench-device main.c)\n"
    )
    (host / "main.c").write_text("int main(void) { return 0; }\n")
    (tmp_path / "firmware" / "version.txt").write_text("9.8.7\n")
    (tmp_path / "firmware" / "partitions.csv").write_text(CSV.format(size="0x20000"))
    return tmp_path


def test_a_build_is_packed_and_its_manifest_can_be_loaded_again(project):
    built = firmware("host", project)
    assert built.symbols is not None
    manifest = load_manifest(built.symbols.parent / "flash")
    assert manifest.sha256() == built.manifest.sha256()
    assert sorted(manifest.files) == [0x8000, 0xD000, 0x10000]
    image = parse_image(manifest.files[0x10000].read_bytes())
    assert image.version == "9.8.7"
    assert image.executable.startswith(b"\x7fELF")


def test_a_changed_source_makes_another_image_and_an_unchanged_one_the_same(project):
    first = firmware("host", project).manifest.sha256()
    assert firmware("host", project).manifest.sha256() == first
    source = project / "firmware" / "host" / "main.c"
    source.write_text("int main(void) { return 1; }\n")
    stamp = source.stat().st_mtime + 2
    os.utime(source, (stamp, stamp))
    assert firmware("host", project).manifest.sha256() != first


def test_a_compiler_error_is_shown(project):
    (project / "firmware" / "host" / "main.c").write_text("int main(void) { return nonsense; }\n")
    with pytest.raises(BenchError, match=r"(?s)does not build.*nonsense"):
        build(project)


def test_an_image_too_large_is_refused(project):
    (project / "firmware" / "partitions.csv").write_text(CSV.format(size="0x400"))
    with pytest.raises(BenchError, match=r"its partition 1024.*partitions\.csv"):
        package(build(project), project)


def test_a_manifest_of_esp_idf_is_understood(tmp_path):
    (tmp_path / "app.bin").write_bytes(b"app")
    (tmp_path / "flasher_args.json").write_text(
        json.dumps(
            {
                "write_flash_args": ["--flash_mode", "dio", "--flash_size", "4MB", "--flash_freq", "40m"],
                "flash_settings": {"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "40m"},
                "flash_files": {"0x10000": "app.bin"},
                "extra_esptool_args": {
                    "after": "hard_reset",
                    "before": "default_reset",
                    "stub": True,
                    "chip": "esp32c3",
                },
            }
        )
    )
    manifest = firmware(".", tmp_path).manifest
    assert manifest.chip == "esp32c3"
    assert manifest.flash_settings["flash_mode"] == "dio"
    assert manifest.contents() == [(0x10000, b"app")]


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(BenchError, match=r"holds no flasher_args\.json"):
        firmware(".", tmp_path)


def test_what_is_no_firmware_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    for source, why in (("nowhere", "is not there"), ("notes.txt", "is no executable")):
        with pytest.raises(BenchError, match=rf"device\.firmware: .*{source} {why}"):
            firmware(source, tmp_path)


def test_an_executable_is_packaged_under_its_own_name(project):
    shutil.copy("/bin/true", project / "thing")
    manifest = firmware("thing", project).manifest
    image = parse_image(manifest.files[0x10000].read_bytes())
    assert (image.project, image.version) == ("thing", "")
    assert image.executable.startswith(b"\x7fELF")
