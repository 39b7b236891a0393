"""Building the firmware; errors have the output of the tool that failed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rig.firmware.build import build, firmware, package
from rig.firmware.image import make_image, parse_image
from rig.firmware.manifest import load_manifest
from rig.util.errors import BenchError

ROOT = Path(__file__).parents[3]
CSV = "ota_0, app, ota_0, 0x10000, {size}\notadata, data, ota, 0xd000, 0x2000\n"


@pytest.fixture
def project(tmp_path):
    """Create a project whose firmware is one C file."""
    host = tmp_path / "firmware" / "host"
    host.mkdir(parents=True)
    (host / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\nproject(p C)\n"
        "file(GLOB sources CONFIGURE_DEPENDS *.c)\nadd_executable(plugbench-device ${sources})\n"
    )
    (host / "main.c").write_text("int main(void) { return 0; }\n")
    (tmp_path / "firmware" / "version.txt").write_text("9.8.7\n")
    (tmp_path / "firmware" / "partitions.csv").write_text(CSV.format(size="0x20000"))
    return tmp_path


def make_newer_than_its_build(source):
    """Date a source after its object, however long the build took and however coarse the times of files are."""
    stamp = time.time() + 2
    os.utime(source, (stamp, stamp))


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
    make_newer_than_its_build(source)
    assert firmware("host", project).manifest.sha256() != first


def test_a_build_is_announced_only_where_there_is_one(project):
    notices = []
    build(project, announce=notices.append)
    assert notices.pop().startswith("building the firmware for the virtual board, for the first time")
    build(project, announce=notices.append)
    assert not notices
    make_newer_than_its_build(project / "firmware" / "host" / "main.c")
    build(project, announce=notices.append)
    (notice,) = notices
    assert re.fullmatch("building the changed parts of the firmware, [0-9]+ steps: about 5.0 s", notice)


def test_a_compiler_error_is_shown(project):
    (project / "firmware" / "host" / "main.c").write_text("int main(void) { return nonsense; }\n")
    with pytest.raises(BenchError, match=r"(?s)does not build.*nonsense"):
        build(project)


def test_a_compiler_that_outlives_a_kill_9_keeps_the_folder_locked(project):
    started, gate, open_from_now_on = (project / name for name in ("started", "gate", "open"))
    os.mkfifo(started)
    os.mkfifo(gate)
    with (project / "firmware" / "host" / "CMakeLists.txt").open("a") as file:
        waits = f"test -e {open_from_now_on} || {{ echo > {started} && read x < {gate}$<SEMICOLON> }}"
        file.write(
            f'add_custom_target(slow COMMAND sh -c "{waits}" VERBATIM)\nadd_dependencies(plugbench-device slow)\n'
        )
    code = "import sys; from pathlib import Path; from rig.firmware.build import build; build(Path(sys.argv[1]))"
    builder = subprocess.Popen([sys.executable, "-c", code, project], cwd=ROOT)
    started.open().read()
    builder.kill()
    builder.wait()
    with (project / "build" / "firmware" / ".lock").open() as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        open_from_now_on.touch()
        gate.write_text("\n")
        fcntl.flock(lock, fcntl.LOCK_EX)
    assert os.access(build(project), os.X_OK)


def test_an_image_too_large_is_rejected(project):
    (project / "firmware" / "partitions.csv").write_text(CSV.format(size="0x400"))
    with pytest.raises(BenchError, match=r"its partition 1024.*partitions\.csv"):
        package(build(project), project)


def test_a_manifest_of_esp_idf_is_loaded(tmp_path):
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


def test_a_folder_without_a_manifest_is_rejected(tmp_path):
    with pytest.raises(BenchError, match=r"holds no flasher_args\.json"):
        firmware(".", tmp_path)


def test_a_source_without_firmware_is_rejected(tmp_path):
    (tmp_path / "notes.txt").write_text("none")
    for source, why in (("nowhere", "does not exist"), ("notes.txt", "is not executable")):
        with pytest.raises(BenchError, match=rf"device\.firmware: .*{source} {why}"):
            firmware(source, tmp_path)


def test_an_executable_is_packaged_under_its_own_name(project):
    shutil.copy("/bin/true", project / "thing")
    manifest = firmware("thing", project).manifest
    image = parse_image(manifest.files[0x10000].read_bytes())
    assert (image.project, image.version) == ("thing", "")
    assert image.executable.startswith(b"\x7fELF")


def test_the_elf_file_of_an_image_is_found_by_its_hash(tmp_path):
    """A build folder may also have the ELF files of other builds."""
    (tmp_path / "other.elf").write_bytes(b"another build")
    (tmp_path / "project.elf").write_bytes(b"this build")
    image = make_image(b"", project="p", version="1", elf_sha256=hashlib.sha256(b"this build").digest())
    (tmp_path / "app.bin").write_bytes(image)
    (tmp_path / "flasher_args.json").write_text(json.dumps({"flash_files": {"0x10000": "app.bin"}}))
    assert firmware(".", tmp_path).symbols == tmp_path / "project.elf"
    (tmp_path / "project.elf").unlink()
    assert firmware(".", tmp_path).symbols is None
