"""Backtraces are decoded from addresses to functions and lines where the build matches."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rig.firmware.backtrace import Backtraces
from rig.firmware.symbols import read_symbols
from rig.util.errors import BenchError

SOURCE = """
static __attribute__((always_inline)) inline int inner(int x) {
  if (x > 100) __builtin_trap();
  return x;
}
__attribute__((noinline)) int outer(int x) { return inner(x) + 1; }
int main(int argc, char**) { return outer(argc); }
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("program")
    (folder / "crash.cpp").write_text(SOURCE)
    command = ["g++", "-g", "-O1", "-Wl,--build-id=sha1", "crash.cpp", "-o", "crash"]
    subprocess.run(command, cwd=folder, check=True)
    return folder / "crash"


def build_of(program: Path) -> str:
    """Return the digits that the boot banner has."""
    return read_symbols(program).name[:8]


@pytest.fixture
def address(program: Path) -> str:
    """Return the address that the call in `main` returns to."""
    dump = subprocess.run(["objdump", "-d", "-C", str(program)], capture_output=True, text=True, check=True).stdout
    after_main = dump.partition("<main>:")[2].splitlines()
    index = next(n for n, line in enumerate(after_main) if "<outer" in line)
    return "0x" + after_main[index + 1].split(":")[0].strip()


@pytest.fixture
def backtraces(program: Path) -> Backtraces:
    made = Backtraces(program.parent)
    made.executable = program
    return made


def test_an_address_gets_its_function_and_the_line_of_the_call(
    backtraces: Backtraces, program: Path, address: str
) -> None:
    assert backtraces.decode([address, "0x1"], build_of(program)) == (f"{address} main at crash.cpp:7", "0x1")


def test_an_inlined_function_gets_a_line_of_its_own(backtraces: Backtraces, program: Path) -> None:
    listing = subprocess.run(["nm", "-C", str(program)], capture_output=True, text=True, check=True).stdout
    start = next(int(line.split()[0], 16) for line in listing.splitlines() if line.endswith("outer(int)"))
    decoded = next(
        found for n in range(1, 24) if len(found := backtraces.decode([hex(start + n)], build_of(program))) > 1
    )
    assert decoded[0].endswith(" at crash.cpp:3")
    assert decoded[1].endswith(" outer(int) at crash.cpp:6")


def test_another_build_is_not_decoded_and_reported_once(backtraces: Backtraces, program: Path) -> None:
    frames = ("0x1139",)
    why = f"(not decoded: the device runs build 0badcafe, {program} is {build_of(program)})"
    assert backtraces.decode(frames, "0badcafe") == (*frames, why)
    assert backtraces.decode(frames, "0badcafe") == frames


def test_without_addr2line_the_addresses_are_unchanged(
    backtraces: Backtraces, program: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (frame, why) = backtraces.decode([address], build_of(program))
    assert frame == address
    assert why == "(not decoded: addr2line is not installed. Debian's package binutils has it)"


def test_an_address_with_its_stack_pointer_is_decoded(backtraces: Backtraces, program: Path, address: str) -> None:
    frames = (f"{address}:0x3ffb5c00", "(corrupted)")
    assert backtraces.decode(frames, build_of(program)) == (f"{address} main at crash.cpp:7", "(corrupted)")


def test_an_unknown_build_is_decoded_with_a_warning(backtraces: Backtraces, program: Path, address: str) -> None:
    (frame, why) = backtraces.decode([address], "release 7")
    assert frame == f"{address} main at crash.cpp:7"
    assert why == f"(not verified: the log does not name the build that crashed; this is {program})"


def test_addresses_outside_of_the_code_are_reported(backtraces: Backtraces, program: Path) -> None:
    frames = ("0x7fffffff0000",)
    why = f"(not decoded: no address lies in the code of {program})"
    assert backtraces.decode(frames, build_of(program)) == (*frames, why)


def test_frames_without_an_executable_are_unchanged(tmp_path: Path) -> None:
    backtraces = Backtraces(tmp_path)
    assert backtraces.decode(("0x1",), "") == ("0x1",)
    backtraces.unavailable = "build/esp32 has no ELF file"
    assert backtraces.decode(("0x1",), "") == ("0x1", "(not decoded: build/esp32 has no ELF file)")


def test_an_executable_that_cannot_help_is_reported(program: Path, tmp_path: Path) -> None:
    subprocess.run(["strip", "-o", "stripped", str(program)], cwd=tmp_path, check=True)
    (tmp_path / "text").write_text("no ELF file")
    (tmp_path / "truncated").write_bytes(program.read_bytes()[:100])
    for name, reason in (
        ("stripped", "is stripped"), ("text", "is no ELF file"), ("truncated", "is no whole ELF file"),
        ("missing", "No such file"),
    ):  # fmt: skip
        with pytest.raises(BenchError, match=reason):
            read_symbols(tmp_path / name)
