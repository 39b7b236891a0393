"""Backtraces are decoded from addresses to functions and lines where the build matches."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rig.firmware.backtrace import Backtraces, build_id

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
    assert backtraces.decode([address, "0x1"], build_id(program)) == (f"{address} main at crash.cpp:7", "0x1")


def test_an_inlined_function_gets_a_line_of_its_own(backtraces: Backtraces, program: Path) -> None:
    listing = subprocess.run(["nm", "-C", str(program)], capture_output=True, text=True, check=True).stdout
    start = next(int(line.split()[0], 16) for line in listing.splitlines() if line.endswith("outer(int)"))
    decoded = next(
        found for n in range(1, 24) if len(found := backtraces.decode([hex(start + n)], build_id(program))) > 1
    )
    assert decoded[0].endswith(" at crash.cpp:3")
    assert decoded[1].endswith(" outer(int) at crash.cpp:6")


def test_another_build_is_not_decoded_and_reported_once(backtraces: Backtraces, program: Path) -> None:
    frames = ("0x1139",)
    why = f"(not decoded: the device runs build 0badcafe, {program} is {build_id(program)})"
    assert backtraces.decode(frames, "0badcafe") == (*frames, why)
    assert backtraces.decode(frames, "0badcafe") == frames


def test_without_addr2line_the_addresses_are_unchanged(
    backtraces: Backtraces, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (frame, why) = backtraces.decode(["0x1139"], build_id(program))
    assert frame == "0x1139"
    assert why == "(not decoded: addr2line is not installed: Debian's package binutils has it)"


def test_a_frame_that_is_no_offset_is_unchanged(backtraces: Backtraces, program: Path) -> None:
    frames = ("0x400d1234:0x3ffb5c00",)
    assert backtraces.decode(frames, build_id(program)) == frames
    assert Backtraces(program.parent).decode(("0x1",), "") == ("0x1",)


def test_a_file_without_build_id(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no note")
    assert build_id(tmp_path / "file") == ""
