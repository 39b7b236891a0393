"""The contract with the real esptool: bytes written over the board's port are in its flash."""

from __future__ import annotations

import contextlib
import io
import random

import esptool
import pytest
from esp32_mock_bootloader import server

from rig.util.clock import BenchClock
from rig.wiring.virtual.rom import slip_decode_frames
from rig.wiring.virtual.stepping.clock import SteppedClock

EVERY_BYTE = bytes(range(256))
CONTENT = random.Random(1).randbytes(300_000) + bytes(100_000)


@pytest.fixture(params=[SteppedClock, BenchClock], ids=["stepped", "real"])
def clock(request: pytest.FixtureRequest) -> BenchClock:
    """Return a clock of each kind; each has its own kind of port."""
    made: BenchClock = request.param()
    return made


def run_esptool(desk, *arguments: str, stub: bool = True) -> str:
    output = io.StringIO()
    fixed = ["--chip", "esp32", "--port", desk.port.path, "--before", "no-reset", "--after", "no-reset"]
    with contextlib.redirect_stdout(output):
        esptool.main([*fixed, *([] if stub else ["--no-stub"]), *arguments])
    return output.getvalue()


@pytest.fixture(params=[True, False], ids=["stub", "no-stub"])
def stub(request) -> bool:
    return request.param


@pytest.fixture
def content(tmp_path) -> str:
    path = tmp_path / "content.bin"
    path.write_bytes(CONTENT)
    return str(path)


@pytest.mark.parametrize("compression", ["--compress", "--no-compress"])
def test_write_and_verify(desk, stub, content, compression):
    desk.enter_download()
    said = run_esptool(desk, "write-flash", compression, "0x10000", content, stub=stub)
    assert "Hash of data verified" in said
    assert desk.read_flash(0x10000, len(CONTENT)) == CONTENT
    assert desk.read_flash(0x10000 + len(CONTENT), 256) == b"\xff" * 256


def test_verify_finds_a_difference(desk, stub, content):
    desk.enter_download()
    run_esptool(desk, "write-flash", "0x10000", content, stub=stub)
    desk.write_flash((0x10000, b"\0"))
    with pytest.raises(esptool.util.FatalError, match=r"[Vv]erif"):
        run_esptool(desk, "verify-flash", "0x10000", content, stub=stub)


def test_read_back(desk, stub, tmp_path):
    desk.write_flash((0x20000, CONTENT))
    desk.enter_download()
    run_esptool(desk, "read-flash", "0x20000", "0x3000", str(tmp_path / "back.bin"), stub=stub)
    assert (tmp_path / "back.bin").read_bytes() == CONTENT[:0x3000]


def test_erase_flash_and_region(desk):
    desk.write_flash((0x10000, CONTENT))
    desk.enter_download()
    run_esptool(desk, "erase-region", "0x11000", "0x1000")
    assert desk.read_flash(0x10000, 0x3000) == CONTENT[:0x1000] + b"\xff" * 0x1000 + CONTENT[0x2000:0x3000]
    run_esptool(desk, "erase-flash")
    assert desk.read_flash(0, 4 << 20) == b"\xff" * (4 << 20)


def test_rewriting_erases_first(desk, stub, content, tmp_path):
    desk.enter_download()
    other = tmp_path / "other.bin"
    other.write_bytes(bytes(8192))
    run_esptool(desk, "write-flash", "0x10000", str(other), stub=stub)
    run_esptool(desk, "write-flash", "0x10000", content, stub=stub)
    assert desk.read_flash(0x10000, len(CONTENT)) == CONTENT


def test_reset_ends_download_mode(flashed):
    flashed.enter_download()
    flashed.download.off()
    flashed.press_reset()
    assert flashed.port.expect("boot:").endswith("reset=external")


def test_boot_pin_counts_at_the_end_of_reset_only(flashed):
    flashed.power.on()
    flashed.port.expect("board: go")
    flashed.download.on()
    flashed.reset.on()
    flashed.reset.off()
    flashed.download.off()
    flashed.port.expect("waiting for download")


def test_power_cut_while_esptool_writes(desk, content):
    """Power is cut in the middle of a write: esptool fails, and the flash holds only a part."""
    desk.enter_download()

    class Cutting(io.StringIO):
        cuts = 0

        def write(self, text: str) -> int:
            if "Writing at" in text and not self.cuts:
                self.cuts += 1
                desk.power.off()
            return super().write(text)

    said = Cutting()
    fixed = ["--chip", "esp32", "--port", desk.port.path, "--before", "no-reset", "--after", "no-reset", "--no-stub"]
    with contextlib.redirect_stdout(said), pytest.raises(Exception, match=r"No more data to read|No serial data"):
        esptool.main([*fixed, "write-flash", "0x10000", content])
    assert said.cuts
    written = desk.read_flash(0x10000, len(CONTENT))
    assert written != CONTENT
    assert written.startswith(CONTENT[:1024])


@pytest.mark.parametrize(
    ("raw", "frames"),
    [
        (
            server.slip_encode(bytes(range(256))) + server.slip_encode(b"\xdb\xdc\xc0"),
            [bytes(range(256)), b"\xdb\xdc\xc0"],
        ),
        (b"\xc0one\xc0two\xc0three", [b"one", b"two"]),
        (b"noise\xc0\xc0\xc0one\xc0", [b"one"]),
        (b"\xc0a\xdbb\xdb\xc0", [b"ab"]),
        (b"\xc0\xdb\xc0", []),
        (b"no end", []),
    ],
    ids=["escapes", "a frame without its end", "noise", "an escape of nothing special", "nothing", "no frame"],
)
def test_frames_of_slip(raw: bytes, frames: list[bytes]) -> None:
    """Invalid frames are read, too: esptool tries many speeds before a chip understands it."""
    assert slip_decode_frames(raw) == frames


def test_the_handler_uses_the_slip_decoder() -> None:
    assert server.slip_decode_frames is slip_decode_frames
