"""`rig crash`: logs and core dumps of a build, decoded by its executable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rig.firmware.symbols import read_symbols
from tests.unit.firmware.core_dumps import REASON, core_dump, flash_with

RIG = Path(sys.executable).parent / "rig"
SOURCE = "__attribute__((noinline)) void fall() { __builtin_trap(); }\nint main() { fall(); }\n"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with a host build, where `rig crash` looks for it."""
    folder = tmp_path_factory.mktemp("project")
    built = folder / "build" / "firmware" / "plugbench-device"
    built.parent.mkdir(parents=True)
    (folder / "crash.cpp").write_text(SOURCE)
    command = ["g++", "-g", "-O1", "-Wl,--build-id=sha1", "crash.cpp", "-o", str(built)]
    subprocess.run(command, cwd=folder, check=True)
    return built


@pytest.fixture
def address(build: Path) -> str:
    listing = subprocess.run(["nm", "-C", str(build)], capture_output=True, text=True, check=True).stdout
    return hex(next(int(line.split()[0], 16) for line in listing.splitlines() if line.endswith("fall()")) + 1)


def test_the_log_of_no_bench_is_one_message(build: Path) -> None:
    done = subprocess.run([RIG, "log", "fetch"], cwd=build.parents[2], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("rig: no bench in this folder is open")


def rig(build: Path, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run([RIG, "crash", *arguments], cwd=build.parents[2], input=stdin, capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_log_is_decoded_by_the_build_that_it_names(build: Path, address: str) -> None:
    name = read_symbols(build).name[:8]
    stored = f'E (0) crash: the last run crashed reason=panic build={name} cause="older" backtrace={address}'
    log = f"I (0) boot: cp 1 build={name} reset=power_on\r\n{stored}\r\nPANIC: x\r\nbacktrace: {address}\r\n"
    assert rig(build, "decode", "-", stdin=log.encode()) == (
        0,
        f"1. older\n   {address} fall() at crash.cpp:1\n2. x\n   {address} fall() at crash.cpp:1\n",
        "",
    )


def test_a_log_of_another_build_is_reported(build: Path, address: str) -> None:
    log = f"I (0) boot: cp 1 build=0badcafe reset=power_on\nPANIC: x\nbacktrace: {address}\n".encode()
    (build.parents[2] / "log").write_bytes(log)
    _, printed, errors = rig(build, "decode", "log")
    assert printed == f"1. x\n   {address}\n"
    assert "./build has no ELF file of the build 0badcafe" in errors
    _, printed, _ = rig(build, "decode", "log", "--elf", str(build))
    assert f"(not decoded: the device runs build 0badcafe, {build} is {read_symbols(build).name[:8]})" in printed


def test_a_binary_log_without_lines_has_no_crash(build: Path) -> None:
    assert rig(build, "decode", "-", stdin=bytes(range(256)) * 1000) == (0, "", "rig: the log has no crash\n")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("decode", "/dev/zero"), "/dev/zero is no file"),
        (("decode", "missing"), "missing cannot be read: No such file or directory"),
        (("fetch", "crash.cpp"), "the image ends before its partition table"),
        (("fetch", "blank.bin"), "the partition for core dumps is blank"),
        (("fetch",), "no bench in this folder is open"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_message(build: Path, arguments: tuple[str, ...], reason: str) -> None:
    (build.parents[2] / "blank.bin").write_bytes(flash_with(b""))
    code, printed, errors = rig(build, *arguments)
    assert (code, printed) == (2, "")
    assert errors.startswith(f"rig: {reason}")
    assert errors.count("\n") == 1


def test_a_core_dump_is_saved_and_its_mismatch_reported(build: Path) -> None:
    flash = build.parents[2] / "flash.bin"
    flash.write_bytes(flash_with(core_dump("7d946a8e8", 0x42009351, 0x42001234)))
    code, printed, errors = rig(build, "fetch", "flash.bin", "--elf", str(build))
    assert (code, errors) == (0, "")
    assert f"reason: {REASON}" in printed
    assert f"the core dump is of an esp32c3 (EM_RISCV), {build} is for EM_X86_64" in printed
    saved = printed.rpartition("saved: ")[2].strip()
    assert rig(build, "decode", saved)[1].startswith("core dump of an esp32c3, ")
